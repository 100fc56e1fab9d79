/**
 * The integral behind the exact moments: ratios of sums over independent samples. The formulas are those of
 * ssm._quadrature, arranged as there so that no moment is a difference of large numbers.
 */

import { sum } from "./sums.js";

/** @typedef {import("./ratio.js").Ratio} Ratio @typedef {ReturnType<typeof newTotals>} Totals */
/** @typedef {ReturnType<typeof drawOf>} Draw @typedef {ReturnType<typeof nodeAt>} Node */
/** @typedef {ReturnType<typeof roomFor>} Room @typedef {ReturnType<typeof sampleAt>} Sample */
/** @typedef {{lost: number, left: number, once: number, twice: number, one: number, two: number}} Classes */

const LOWEST = -3.6; // below it, v is out of sight of every moment
const HIGHEST = 46; // and where exp(-46) is left of a draw
const STEP = 0.2;
const HALVINGS = 4;
const GOAL = 1e-12;
const NOTHING = 1e-24; // a loss so small may be off by any part of itself
const STEADY = 1e-12; // and so may the variance of the target, in parts of (m (1 - m))^2
const STEEPEST = 600; // exp is slow below -708
const LEAST = 1e-300; // what interpolation leaves of nothing may be below it
const NEAR = 0.03; // to here from 0 the series of expm1 is its equal, and faster
const ROWS = 6; // loss, share, square, product, off: see `rowsAt`; and the second moments of all other classes

/** 1 - e^-x of a small x. @param {number} x */
const lostOf = (x) =>
  x * (1 - (x / 2) * (1 - (x / 3) * (1 - (x / 4) * (1 - (x / 5) * (1 - (x / 6) * (1 - (x / 7) * (1 - x / 8)))))));

/** e^-a - e^-b. @param {number} a @param {number} b */
const less = (a, b) => Math.exp(-b) * Math.expm1(b - a);

/** log(1 - lost) = log(left), whichever is exact. @param {number} lost @param {number} left */
const logOf = (lost, left) => (lost < 0.5 ? Math.log1p(-lost) : Math.log(Math.max(left, LEAST)));

/** e^log, as large as a product with it can be. @param {number} log */
const capped = (log) => Math.exp(Math.min(log, STEEPEST));

/**
 * Every moment, by the trapezoid rule in a double-exponential variable, its step halved until it settles:
 * v = exp(s - exp(-s)) / scale, where at s = 0 what a draw adds begins to show.
 * @param {Ratio} ratio @param {number} k
 */
export function integrate(ratio, k) {
  const draw = drawOf(ratio, k);
  let totals = integrals(draw, STEP);
  for (let halving = 1; halving < HALVINGS && !(totals.error <= GOAL); halving++) {
    totals = integrals(draw, STEP / 2 ** halving);
  }
  return totals;
}

/** How many exponentials the first rule takes. @param {Ratio} ratio @param {number} k */
export const workOf = (ratio, k) => nodeCount(drawOf(ratio, k), STEP) * ratio.q.length;

/** A ratio at a number of samples, and what follows from both. @param {Ratio} ratio @param {number} k */
function drawOf(ratio, k) {
  const forgets = !ratio.start && ratio.logHit === -Infinity && ratio.hit > 0; // a draw of hits alone adds nothing
  const logNone = ratio.rest < 0.5 ? Math.log1p(-ratio.rest) : Math.log(ratio.hit);
  const [lowest, highest] = ends(ratio.logA);
  const logEmpty = forgets ? k * logNone : -Infinity;
  const logScale = scaleOf(ratio, k, highest);
  const a = -lowest < STEEPEST && highest < STEEPEST ? ratio.logA.map(Math.exp) : null;
  return { ratio, k, a, lowest, forgets, logEmpty, logScale, m: meanOf(ratio, k) };
}

/** The least and the largest of some values. @param {Float64Array} values */
function ends(values) {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

/** log of 1 / v where the first of the integrands ends. @param {Ratio} ratio @param {number} k @param {number} highest */
function scaleOf(ratio, k, highest) {
  const hits = ratio.hit ? Math.log(ratio.hit) + ratio.logHit : -Infinity;
  const others = ratio.counts[0] ? Math.log(ratio.rest) : -Infinity;
  // G^k ends at k times the mean of what a sample adds, and a class that is hardly ever drawn at what it adds.
  return Math.max(0, Math.log(k) + Math.max(ratio.logMean, hits, others), ratio.logHit, highest);
}

/** The ratio of the mean sums, and what is left of 1. @param {Ratio} ratio @param {number} k */
function meanOf(ratio, k) {
  const hits = ratio.hit ? Math.exp(Math.log(ratio.hit) + ratio.logHit) : 0;
  const odds = ratio.logMean - Math.log(ratio.start / k + ratio.each * ratio.rest + hits);
  return { target: 1 / (1 + Math.exp(odds)), others: 1 / (1 + Math.exp(-odds)) };
}

/** @param {Draw} draw @param {number} step */
function nodeCount({ ratio, k, forgets, logScale, lowest }, step) {
  const slowest = ratio.each ? 0 : Math.min(0, lowest);
  const logLeast = ratio.start || forgets ? 0 : Math.log(k) + slowest; // the least that a draw can add up to
  return Math.ceil((Math.log(HIGHEST) - logLeast + logScale + 2 * step - LOWEST) / step);
}

/** Where to look, and how much it weighs, by every other node and by all. @param {Draw} draw @param {number} i @param {number} step */
function nodeAt({ ratio, logScale }, i, step) {
  const s = LOWEST + i * step;
  const logV = s - Math.exp(-s) - logScale;
  const v = capped(logV);
  const weight = (1 + Math.exp(-s)) * step;
  const vh = Math.min(capped(logV + ratio.logHit), STEEPEST);
  return { logV, v, vh, fade: Math.exp(-v * ratio.each), weight, half: i % 2 ? 0 : 2 * weight };
}

/** Whether more than exp(-46) is left at v of the draws that add something. @param {Draw} draw @param {number} v */
function alive({ ratio, k, forgets, logEmpty }, v) {
  if (!forgets) return true;
  const logAll = k * logK(ratio, v); // of E[exp(-v k_eff)], from which the draws of hits alone are taken
  return logAll + Math.log(-Math.expm1(logEmpty - logAll)) > Math.log(-Math.expm1(logEmpty)) - HIGHEST;
}

/** log of the mean of exp(-v times what a sample counts in the loss). @param {Ratio} ratio @param {number} v */
function logK({ rest, hit, counts: [others, hits] }, v) {
  if (hit === 0 || others === hits) return -others * v;
  return logOf(-rest * Math.expm1(-v), hit + rest * Math.exp(-v));
}

/** @param {number} n */
const roomFor = (n) => ({ va: new Float64Array(n), e: new Float64Array(n) });

/** @param {number} n */
const newTotals = (n) => ({
  first: new Float64Array(n),
  once: new Float64Array(n),
  twice: new Float64Array(n),
  fine: new Float64Array(ROWS),
  rough: new Float64Array(ROWS),
  sizes: new Float64Array(ROWS),
});

/** v a_c of all classes. @param {Draw} draw @param {Node} node @param {Float64Array} va */
function multiply({ ratio: { logA }, a }, { logV, v }, va) {
  if (a && Math.abs(logV) < STEEPEST) for (let c = 0; c < va.length; c++) va[c] = Math.min(v * a[c], STEEPEST);
  else for (let c = 0; c < va.length; c++) va[c] = Math.min(capped(logV + logA[c]), STEEPEST);
}

/**
 * Sums over the classes: of 1 - e, e, e vz and e (vz)^2 with e = exp(-v a_c) and z = (1 - m) l - m a_c, by chance; and
 * of (v a_c)^2 e by chance and (v a_c e)^2 by its square.
 * @param {Draw} draw @param {Node} node @param {Room} room @returns {Classes}
 */
function transform({ ratio: { q, squares, each }, m }, { v }, { va, e }) {
  const [gain, loss] = [m.others * each * v, m.target];
  let [lost, left, once, twice, one, two] = [0, 0, 0, 0, 0, 0];
  for (let c = 0; c < q.length; c++) {
    const x = va[c];
    const near = x < NEAR ? lostOf(x) : 0;
    const stays = x < NEAR ? 1 - near : Math.exp(-x);
    e[c] = stays;
    const z = gain - loss * x;
    const part = q[c] * stays;
    const square = x * x * stays;
    lost += q[c] * (x < NEAR ? near : 1 - stays);
    left += part;
    once += part * z;
    twice += part * z * z;
    one += q[c] * square;
    two += squares[c] * square * stays;
  }
  return { lost, left, once, twice, one, two };
}

/**
 * What one sample does at a node: log G, G being the mean of E = exp(-v times what it adds), log K, the same for what
 * it counts in the loss, log(G / K), and the means of v T E, v z E and (v z)^2 E.
 * @param {Ratio} ratio @param {Node} node @param {number} others 1 - m @param {Classes} of
 */
function sampleAt(ratio, { v, vh, fade }, others, of) {
  const hit = ratio.hit * Math.exp(-vh);
  const lost = fade * of.lost;
  const left = fade * of.left;
  const gone = lost - ratio.rest * Math.expm1(-v * ratio.each) - ratio.hit * Math.expm1(-vh);
  const [logG, log] = [logOf(gone, left + hit), logK(ratio, v)];
  const more =
    ratio.rest * less(v * ratio.each, ratio.counts[0] * v) + ratio.hit * less(vh, ratio.counts[1] * v) - lost;
  const part = more * Math.exp(-log); // of K, what G has more
  return {
    logG,
    logK: log,
    gap: Math.abs(part) < 0.5 ? Math.log1p(part) : logG - log,
    target: ratio.each * v * left + vh * hit,
    once: fade * of.once + others * vh * hit,
    twice: fade * of.twice + (others * vh) ** 2 * hit,
  };
}

/** exp(-v A) G^(k - less); a power of 0 is 1, and 0 log 0 is not. @param {Draw} draw @param {number} v @param {number} logG */
function powers({ ratio, k }, v, logG) {
  const power = (/** @type {number} */ m) => Math.exp((m > 0 ? m * logG : 0) - ratio.start * v);
  return [power(k), power(k - 1), power(k - 2)];
}

/**
 * What to integrate for E[loss], E[1 + g_t], E[(1 + g_t - m)^2] in two parts, and E[1 + g_t - m].
 * @param {Draw} draw @param {number} v @param {Sample} sample @param {number[]} powers
 */
function rowsAt({ ratio, k, m }, v, sample, [g0, g1, g2]) {
  const start = ratio.start * v;
  const alone = m.others * start; // v times z without a sample
  const larger = Math.max(sample.logG, sample.logK);
  return [
    Math.sign(sample.gap) * Math.exp(k * larger - start) * Math.expm1(-k * Math.abs(sample.gap)),
    start * g0 + k * sample.target * g1,
    alone ** 2 * g0 + k * sample.twice * g1 + k * (k - 1) * sample.once ** 2 * g2,
    2 * k * alone * sample.once * g1,
    alone * g0 + k * sample.once * g1,
  ];
}

/** Add one node of the integrals. @param {Draw} draw @param {Node} node @param {Room} room @param {Totals} totals */
function addNode(draw, node, room, totals) {
  const { ratio, k, m } = draw;
  multiply(draw, node, room.va);
  const of = transform(draw, node, room);
  const sample = sampleAt(ratio, node, m.others, of);
  const left = powers(draw, node.v, sample.logG);
  const [one, two] = [k * node.fade * left[1], k * (k - 1) * node.fade ** 2 * left[2]];
  const rows = [...rowsAt(draw, node.v, sample, left), one * of.one + two * of.two];
  for (const [i, value] of rows.entries()) {
    totals.fine[i] += node.weight * value;
    totals.rough[i] += node.half * value;
    totals.sizes[i] += node.weight * Math.abs(value);
  }
  if (one !== 0 || two !== 0) addClasses(room, node.weight * one, node.weight * two, totals);
}

/** @param {Room} room @param {number} one @param {number} two @param {Totals} totals */
function addClasses({ va, e }, one, two, { first, once, twice }) {
  for (let c = 0; c < va.length; c++) {
    const decay = va[c] * e[c];
    first[c] += one * decay;
    once[c] += one * decay * va[c];
    twice[c] += two * decay * decay;
  }
}

/**
 * E[g_c] / q_c, the parts of E[g_c^2] that go with q_c and with q_c^2, E[1 + g_t - m] and its square, E[loss], and how
 * far the mean gradient is from adding up to 0, or the square of the relative change from half the nodes to all.
 * @param {Draw} draw @param {number} step
 */
function integrals(draw, step) {
  const { ratio, m, logEmpty } = draw;
  const n = ratio.q.length;
  const [room, totals] = [roomFor(n), newTotals(n)];
  for (let i = nodeCount(draw, step) - 1; i >= 0; i--) {
    const node = nodeAt(draw, i, step);
    if (alive(draw, Math.exp(node.logV))) addNode(draw, node, room, totals);
  }
  const [loss, share, square, product, off] = totals.fine;
  const empty = Math.exp(logEmpty);
  const unbalanced = share + sum(ratio.q.map((q, c) => q * totals.first[c])) + Math.expm1(logEmpty);
  return {
    ...totals,
    targetFirst: off + empty * m.others,
    targetSecond: square + product + empty * m.others ** 2,
    loss,
    error: Math.max(Math.abs(unbalanced), change(totals, m) ** 2),
  };
}

/**
 * The largest change, relative to what is added up, but of the last of the target's rows.
 * @param {Totals} totals @param {{target: number, others: number}} m
 */
function change({ fine, rough, sizes }, m) {
  const least = STEADY * (m.target * m.others) ** 2 + NOTHING ** 2;
  const leasts = [NOTHING, NOTHING, least, least, Infinity, NOTHING];
  return Math.max(...leasts.map((floor, i) => Math.abs(fine[i] - rough[i]) / (sizes[i] + floor)));
}
