/** Noise distributions over the classes, and the table that turns a uniform into a class. */

/** @typedef {import("../types").Problem} Problem @typedef {import("../types").Settings} Settings */
/**
 * @typedef {{cdf: Float64Array, total: number, last: number, guide: Int32Array}} Table
 *   guide[g]: the first class whose cumulative probability exceeds g / cells of the total.
 */

const MOST = 0.9; // of the target: what is left of more is summed by itself

/**
 * log sum of e^v over all places but one.
 * @param {Float64Array} values @param {number} skip
 */
export function logSumExp(values, skip = -1) {
  let top = -Infinity;
  let sum = 0;
  for (let c = 0; c < values.length; c++) if (c !== skip && values[c] > top) top = values[c];
  for (let c = 0; c < values.length; c++) if (c !== skip) sum += Math.exp(values[c] - top);
  return top + Math.log(sum);
}

/** @param {Settings["weights"]} pairs @param {number} n */
function logWeights(pairs, n) {
  const logs = new Float64Array(n);
  for (const [c, weight] of pairs) if (c < n) logs[c] = Math.log(weight);
  return logs;
}

/** @param {Problem} problem @param {Settings} s */
function unnormalised(problem, s) {
  const n = problem.scores.length;
  switch (s.noise) {
    case "uniform":
      return new Float64Array(n);
    case "log_uniform":
      return Float64Array.from({ length: n }, (_, c) => Math.log(Math.log1p(1 / (c + 1))));
    case "unigram":
      return Float64Array.from(counted(problem), (count) => s.power * Math.log(count));
    case "softmax":
      return problem.scores.map((score) => score / s.temperature);
    case "custom":
      return logWeights(s.weights, n);
  }
  throw new Error(`noise must be one of the distributions of the settings, got ${s.noise}`);
}

/** @param {Problem} problem */
function counted(problem) {
  if (problem.counts) return problem.counts;
  throw new Error("noise must be other than unigram where classes have no counts, got unigram; choose uniform");
}

/**
 * log q and q over all classes.
 * @param {Problem} problem @param {Settings} s
 */
export function distribution(problem, s) {
  const logs = unnormalised(problem, s);
  const { z, shares } = normalise(logs);
  for (let c = 0; c < logs.length; c++) logs[c] -= z;
  return { logs, probs: shares };
}

/**
 * log of the sum of e^v, and the share of each.
 * @param {Float64Array} values @param {Float64Array} [room] for the shares
 */
export function normalise(values, room) {
  const shares = room?.length === values.length ? room : new Float64Array(values.length);
  let top = -Infinity;
  let sum = 0;
  for (let c = 0; c < values.length; c++) if (values[c] > top) top = values[c];
  for (let c = 0; c < values.length; c++) sum += shares[c] = Math.exp(values[c] - top);
  for (let c = 0; c < values.length; c++) shares[c] /= sum;
  return { z: top + Math.log(sum), shares };
}

/**
 * log q over all classes.
 * @param {Problem} problem @param {Settings} s
 */
export const logProbs = (problem, s) => distribution(problem, s).logs;

/**
 * r = q / (1 - q_t) off the target, 0 on it, and its logarithm.
 * @param {{logs: Float64Array, probs: Float64Array}} q @param {number} t
 */
export function without({ logs, probs }, t) {
  const much = probs[t] < MOST;
  const z = much ? Math.log1p(-probs[t]) : logSumExp(logs, t);
  const r = { logs: new Float64Array(logs.length), probs: new Float64Array(logs.length) };
  for (let c = 0; c < logs.length; c++) {
    r.logs[c] = logs[c] - z;
    r.probs[c] = much ? probs[c] / (1 - probs[t]) : Math.exp(r.logs[c]);
  }
  r.logs[t] = -Infinity;
  r.probs[t] = 0;
  return r;
}

/** The smallest power of two that is no less than n: g / cells is then exact. @param {number} n */
const cellsFor = (n) => 2 ** Math.ceil(Math.log2(n));

/** @param {Float64Array} cdf @param {number} total @param {number} last */
function guideOf(cdf, total, last) {
  const guide = new Int32Array(cellsFor(cdf.length));
  for (let g = 0, c = 0; g < guide.length; g++) {
    const start = (g / guide.length) * total;
    while (c < last && cdf[c] <= start) c++;
    guide[g] = c;
  }
  return guide;
}

/**
 * The inverse of the cumulative distribution as a table (Chen and Asau 1974): two steps a draw, however many classes.
 * @param {Float64Array} probs @returns {Table}
 */
export function tabulate(probs) {
  const cdf = new Float64Array(probs.length);
  let total = 0;
  let last = 0;
  for (let c = 0; c < probs.length; c++) {
    if (probs[c] > 0) last = c;
    cdf[c] = total += probs[c];
  }
  return { cdf, total, last, guide: guideOf(cdf, total, last) };
}

/**
 * The first class whose cumulative probability exceeds u, as torch's search finds it.
 * @param {Table} table @param {number} u
 */
export function invert(table, u) {
  const { cdf, guide, last } = table;
  const v = u * table.total;
  let c = guide[Math.floor(u * guide.length)];
  while (c < last && cdf[c] <= v) c++;
  return c;
}
