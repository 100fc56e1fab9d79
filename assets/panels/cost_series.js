/** The series and numbers of a measurement of costs; pure. The rules are those of ssm.explorer.figures.cost_series. */

export const WAYS = ["full", "fused", "chunked", "dense", "sparse"];
export const ROOM = { step_time: [0.1, 10_000], step_memory: [0.1, 10_000] }; // of an axis before there is anything
export const SPAN = [1_000, 10_000_000]; // classes: the ends of the axis

/** Of the whole step: forward, backward and Adam. */
export const secondsOf = (row) => row.seconds + row.optimiser_seconds;

const ofWay = (cost, way) => (cost?.rows ?? []).filter((row) => row.way === way);

/** Time and memory of each way over the number of classes, and what formulas say. */
export function costSeries({ cost }) {
  const found = {};
  for (const way of WAYS) {
    const rows = ofWay(cost, way);
    found[`step_classes_${way}`] = rows.map((row) => row.classes);
    found[`step_time_${way}`] = rows.map((row) => 1e3 * secondsOf(row));
    found[`step_memory_${way}`] = rows.map((row) => row.peak_bytes / 1e6);
  }
  const crossing = crossingOf(ofWay(cost, "full"), ofWay(cost, "sparse"));
  const at = (on) => (on ? SPAN : []);
  return {
    ...found,
    products_at: at(cost?.operations),
    products: at(cost?.operations).map((n) => (1e3 * 6 * cost.batch * cost.dim * n) / cost.operations),
    state_at: at(cost),
    state: at(cost).map((n) => (8 * cost.dim * n) / 1e6),
    crossing_at: crossing ? [crossing[0]] : [],
    crossing: crossing ? [1e3 * crossing[1]] : [],
  };
}

/** What texts say of a measurement. @returns {Record<string, any>} */
export function costNumbers({ cost }) {
  const [full, sparse] = [ofWay(cost, "full"), ofWay(cost, "sparse")];
  const last = full.findLast((row) => sparse.some((one) => one.classes === row.classes));
  if (!last) return { measured: 0 };
  const most = sparse.at(-1);
  const found = { measured: last.classes, measured_most: most.classes, time_most: 1e3 * secondsOf(most) };
  for (const name of ["batch", "samples", "dim", "machine"]) found[`measured_${name}`] = cost[name];
  for (const way of WAYS) {
    const here = ofWay(cost, way).find((row) => row.classes === last.classes);
    if (!here) continue;
    found[`time_${way}`] = 1e3 * secondsOf(here);
    found[`memory_${way}`] = here.peak_bytes / 1e6;
    found[`saving_${way}`] = secondsOf(last) / secondsOf(here);
  }
  const crossing = crossingOf(full, sparse);
  return { ...found, crossing_classes: crossing ? Math.floor(crossing[0] + 0.5) : null };
}

/** The number of classes from which the sampled step is the faster one, and its seconds; straight in logarithms. */
function crossingOf(full, sparse) {
  const pairs = full.flatMap((a) => sparse.filter((b) => b.classes === a.classes).map((b) => [a, b]));
  const gaps = pairs.map(([a, b]) => Math.log(secondsOf(a) / secondsOf(b)));
  const at = gaps.findLastIndex((gap, i) => i > 0 && gaps[i - 1] < 0 && gap >= 0);
  if (at < 0) return null;
  const share = gaps[at - 1] / (gaps[at - 1] - gaps[at]);
  const [[a, b], [c, d]] = [pairs[at - 1], pairs[at]];
  return [mixed(a.classes, c.classes, share), mixed(secondsOf(b), secondsOf(d), share)];
}

/** Between two positive numbers, in logarithms. */
const mixed = (low, high, share) => Math.exp((1 - share) * Math.log(low) + share * Math.log(high));
