/**
 * The series and numbers over the number of samples, made of a view and of the tolerance among the settings; pure. They
 * are those of ssm.explorer.figures.curve_series; a test holds the two against each other.
 */

const MOST_NOISES = 4;
const LEAST = 1e-6; // of the full gradient, or nats: what is smaller is not drawn
const HOLDS = 1.1; // factor between expansion and exact value up to which it holds
const FADES = 3; // and up to which it is drawn at all
const CURVES = ["bias", "spread", "error", "gap"];
const EXPANDED = ["bias", "gap"];
export const NOISES = Array.from({ length: MOST_NOISES }, (_, i) => i);

const known = (value) => value !== null && value !== undefined;
const sized = (value) => (known(value) && Math.abs(value) >= LEAST ? Math.abs(value) : null);

/** What the panels over the number of samples draw, and the bias of each class. */
export function curveSeries(view, settings) {
  const { curves } = view;
  const ks = curves?.k ?? [];
  const found = { curve_k: ks, ...ofClasses(view), ...now(view, settings) };
  const column = (name, i) => curves?.[name][i] ?? ks.map(() => null);
  for (const i of NOISES) {
    for (const name of CURVES) found[`${name}_${i}`] = column(name, i).map(sized);
    for (const name of EXPANDED) {
      const [values, expansion] = [column(name, i), column(`${name}_expansion`, i)];
      found[`${name}_near_${i}`] = values.map((value, at) => within(value, expansion[at], HOLDS));
      found[`${name}_far_${i}`] = values.map((value, at) => within(value, expansion[at], FADES));
    }
  }
  return { ...found, ...priced(view, found, settings.tolerance), ...allowed(curves, settings.tolerance) };
}

/** The price of every number of samples, the full softmax's beside, and where each noise is within the tolerance. */
function priced({ curves, classes: { n } }, s, tolerance) {
  const ks = curves?.k ?? [];
  const found = Object.fromEntries(NOISES.map((i) => [`price_${i}`, ks.map((k) => price(curves, n, i, k))]));
  const span = (lists) => {
    const values = lists.flat().filter(known);
    return values.length ? [Math.min(...values), Math.max(...values)] : [];
  };
  const prices = span(Object.values(found));
  for (const name of ["bias", "error"]) {
    found[`whole_${name}`] = span(NOISES.map((i) => s[`${name}_${i}`]));
    found[`whole_${name}_at`] = found[`whole_${name}`].map(() => 1);
  }
  const needed = curves && tolerance ? samplesNeeded(curves, tolerance) : [];
  found.allowed_at = needed.length ? prices : [];
  found.needed_price = needed.flatMap((k, i) => (known(k) ? [price(curves, n, i, k)] : []));
  return found;
}

/**
 * What a step with k samples computes, in parts of the full softmax's: 6 d operations for the scores of the target and of
 * each sample and for their gradients, 2 d for a score that is needed only to draw.
 */
const price = ({ drawing }, n, i, k) => (i < drawing.length ? (k + 1 + drawing[i] / 3) / n : null);

/** The tolerance as a line, and a dot on it for each noise that comes below it. */
function allowed(curves, tolerance) {
  if (!curves || !tolerance) return { tolerance_at: [], tolerance: [], needed_at: [], needed: [] };
  const needed = samplesNeeded(curves, tolerance).filter(known);
  return {
    tolerance_at: [curves.k[0], curves.k.at(-1)],
    tolerance: [tolerance, tolerance],
    needed_at: needed,
    needed: needed.map(() => tolerance),
  };
}

/** The series of one of `CURVES`: of each noise, with its expansions, and of the samples that are chosen. */
export function curveNames(name) {
  const kinds = EXPANDED.includes(name) ? ["_", "_near_", "_far_"] : ["_"];
  return [`${name}_now`, ...kinds.flatMap((kind) => NOISES.map((i) => `${name}${kind}${i}`))];
}

/** The expansion where it is no further from the exact value than a factor. */
function within(value, expansion, factor) {
  if (!known(value) || !known(expansion) || !(Math.min(Math.abs(value), Math.abs(expansion)) >= LEAST)) return null;
  const ratio = expansion / value;
  return 1 / factor <= ratio && ratio <= factor ? Math.abs(expansion) : null;
}

/** The ideal noise beside the one that is drawn from, and by how much each class is pushed too much on average. */
export function ofClasses({ classes, moments }) {
  const left = 1 - classes.noise[classes.target_slot];
  const rest = -classes.spike;
  const mean = moments?.mean ?? classes.index.map(() => null);
  return {
    ideal: classes.probability.map((p, i) => (i === classes.target_slot || !rest ? null : (left * p) / rest)),
    class_bias: mean.map((m, i) => (known(m) ? m - classes.full[i] : null)),
  };
}

/** Where the chosen number of samples stands on the curves of the chosen noise. */
function now(view, settings) {
  const here = atK(view);
  const found = {};
  for (const name of CURVES) {
    const place = [here[`${name}_now`]].map(sized).filter(known);
    found[`${name}_now`] = place;
    found[`${name}_now_at`] = place.map(() => settings.samples ?? null);
  }
  return found;
}

/** The same numbers as those of the curves, of the one number of samples that is chosen. */
function atK({ classes, moments }) {
  if (!moments) return {};
  const { bias, variance_total: variance } = moments;
  const norm = classes.norm_full || Number.NaN;
  const share = (value) => (Number.isFinite(value / norm) ? value / norm : null);
  return {
    bias_now: share(bias),
    spread_now: share(Math.sqrt(variance)),
    error_now: share(Math.sqrt(bias * bias + variance)),
    gap_now: classes.loss_full - moments.loss_exact,
  };
}

/** The number of samples from which on the bias of each noise is within a tolerance, read off its curve. */
const samplesNeeded = (curves, tolerance) => curves.bias.map((values) => first(curves.k, values, tolerance));

/** Where the curve comes within the tolerance to stay: that of another loss may only pass through it. */
function first(ks, values, tolerance) {
  const at = values.findLastIndex((value) => !(known(value) && value <= tolerance)) + 1;
  if (at === ks.length) return null;
  if (at === 0) return ks[0];
  return between([ks[at - 1], ks[at]], [values[at - 1], values[at]], tolerance);
}

/** Where a curve that is straight in logarithms falls to the tolerance, rounded up. */
function between(ks, ends, tolerance) {
  if (!known(ends[0])) return ks[1];
  const [high, low] = [Math.log(ends[0]), Math.log(Math.max(ends[1], LEAST * 1e-12))];
  const share = (high - Math.log(tolerance)) / (high - low);
  return Math.ceil(ks[0] * Math.exp(share * Math.log(ks[1] / ks[0])) - 1e-9);
}

/** For each noise its name, the samples that it needs and what they cost in scores; and the chosen samples' numbers. */
export function curveNumbers(view, { samples = null, tolerance = null }) {
  const { curves, classes } = view;
  /** @type {Record<string, any>} */
  const found = { ...atK(view), noise_count: curves?.noises.length ?? 0 };
  found.worth = known(classes.chi2) && known(samples) ? samples / (1 + classes.chi2) : null;
  const needed = curves && tolerance ? samplesNeeded(curves, tolerance) : [];
  (curves?.noises ?? []).forEach((name, i) => {
    const [k, drawing] = [needed[i] ?? null, curves.drawing[i]];
    found[`noise_name_${i}`] = name;
    found[`needed_${i}`] = k;
    found[`drawing_${i}`] = drawing;
    found[`cost_${i}`] = k === null ? null : Math.max(drawing, Math.min(classes.n, k + 1));
    found[`price_${i}`] = k === null ? null : price(curves, classes.n, i, k);
  });
  return found;
}
