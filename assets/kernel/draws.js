/** Draws of an estimator, one after another: gradients, losses, and how far their average is from the full gradient. */

import { logDivisor, RULES } from "./estimators.js";

/** @typedef {import("./rows.js").Rows} Rows */
/**
 * What every draw needs.
 * @typedef {object} Terms
 * @property {number} t the target
 * @property {number} n
 * @property {Float64Array} full the full gradient
 * @property {number} square its squared norm
 * @property {Float64Array} logA log of a sample's corrected weight, but for the number of samples; of a hit that does
 *   not count -Infinity
 * @property {Float64Array | null} a its exponential, or null where that leaves float64
 * @property {import("./estimators.js").Rule} rule
 * @property {boolean} counts whether a hit counts as any sample
 * @property {number} own the target's score beside logA, corrected but for the number of samples
 * @property {number} base of logA: the target's score, or 0 where that is taken from all
 */
/** @typedef {ReturnType<typeof newDraw>} Drawn @typedef {ReturnType<typeof newWalk>} Walk */
/** @typedef {ReturnType<typeof newExtent>} Extent */

const LARGEST_EXPONENT = 600; // exp() of more leaves too little room below the largest double
const CANCELS = 1e-4; // of the squares: a difference of them that is smaller is summed class by class

/**
 * Weights of samples, before they are divided by the number of samples: in parts of e^x_t where they make a ratio.
 * @param {{x: Float64Array, t: number, noise: import("./estimators.js").Noise, estimator: string, counts: boolean}} subject
 * @param {{logA: Float64Array, room: Float64Array}} [old] whose room is used
 */
export function weightsOf({ x, t, noise, estimator, counts }, old) {
  const n = x.length;
  const { logA, room } = old?.room.length === n ? old : { logA: new Float64Array(n), room: new Float64Array(n) };
  const rule = RULES[estimator];
  const base = rule.judges ? 0 : x[t];
  const own = x[t] - base + (rule.corrects ? rule.shift(noise, t) : 0);
  let top = own;
  let low = 0;
  for (let c = 0; c < n; c++) {
    logA[c] = c === t && !counts ? -Infinity : x[c] - base + rule.shift(noise, c);
    if (logA[c] > top) top = logA[c];
    if (logA[c] < low) low = logA[c];
  }
  const safe = top < LARGEST_EXPONENT && (!rule.alone || low > -LARGEST_EXPONENT);
  if (safe) for (let c = 0; c < n; c++) room[c] = Math.exp(logA[c]);
  return { logA, a: safe ? room : null, room, rule, counts, own, base: x[t] - base };
}

/** Room for one draw of at most k samples. @param {number} k */
export const newDraw = (k) => ({ gradients: new Float64Array(k), kept: 0, target: 0, loss: 0 });

/**
 * log of what weights are divided by before they are summed, so that their sum stays within float64.
 * @param {Terms} e @param {Int32Array} samples @param {number} at @param {number} k @param {number} own
 */
function shiftOf(e, samples, at, k, own) {
  if (e.a) return 0;
  let top = own;
  for (let j = at; j < at + k; j++) if (e.logA[samples[j]] > top) top = e.logA[samples[j]];
  return top;
}

/**
 * Write the weights of samples to `out`; a hit's is 0.
 * @param {Terms} e @param {Int32Array} samples @param {number} at @param {number} k
 * @param {number} shift @param {Float64Array} out
 */
function weigh(e, samples, at, k, shift, out) {
  const { a, logA } = e;
  let sum = 0;
  for (let j = 0; j < k; j++) {
    const c = samples[at + j];
    sum += out[j] = a ? a[c] : Math.exp(logA[c] - shift);
  }
  return sum;
}

/** @param {Terms} e @param {Int32Array} samples @param {number} at @param {number} k */
function keptOf({ t, counts }, samples, at, k) {
  if (counts) return k;
  let kept = 0;
  for (let j = at; j < at + k; j++) if (samples[j] !== t) kept++;
  return kept;
}

/**
 * One draw: each sample's gradient, that of the target's own score and the loss. With no sample kept, all are 0.
 * @param {Terms} e @param {Int32Array} samples @param {number} at where the draw's k samples begin
 * @param {number} k @param {Drawn} out
 */
export function drawOnce(e, samples, at, k, out) {
  out.kept = keptOf(e, samples, at, k);
  if (e.rule.judges) judge(e, samples, at, k, out);
  else if (out.kept > 0) divide(e, samples, at, k, out);
  else {
    out.gradients.fill(0, 0, k);
    out.target = out.loss = 0;
  }
}

/**
 * The target's weight beside those of the samples, as a logarithm. The sampled softmax, whose samples stand for all
 * others together, divides these by their number; where the target is corrected too, or nothing is, that is in both.
 * @param {Terms} e @param {number} kept
 */
function logOwn({ rule, own }, kept) {
  if (rule.alone) return -Infinity;
  return rule.divides && !rule.corrects ? Math.log(kept) : own;
}

/**
 * A ratio: each weight in parts of all.
 * @param {Terms} e @param {Int32Array} samples @param {number} at @param {number} k @param {Drawn} out
 */
function divide(e, samples, at, k, out) {
  const own = logOwn(e, out.kept);
  const shift = shiftOf(e, samples, at, k, own);
  const rest = weigh(e, samples, at, k, shift, out.gradients);
  const target = Math.exp(own - shift);
  const all = target + rest;
  out.target = -rest / all;
  const whole = e.rule.alone ? Math.log(k) : own; // that the loss is counted from
  out.loss = rest < target ? Math.log1p(rest / target) : Math.log(all) + shift - whole;
  for (let j = 0; j < k; j++) out.gradients[j] /= all;
}

/** log(1 + e^y). @param {number} y */
const softplus = (y) => (y > 0 ? y + Math.log1p(Math.exp(-y)) : Math.log1p(Math.exp(y)));

/** 1 / (1 + e^-y). @param {number} y */
const logistic = (y) => (y > 0 ? 1 / (1 + Math.exp(-y)) : Math.exp(y) / (1 + Math.exp(y)));

/**
 * Each class by itself.
 * @param {Terms} e @param {Int32Array} samples @param {number} at @param {number} k @param {Drawn} out
 */
function judge(e, samples, at, k, out) {
  const shift = e.rule.divides ? Math.log(k) : 0;
  out.target = -logistic(shift - e.own);
  out.loss = softplus(shift - e.own);
  for (let j = 0; j < k; j++) {
    const y = e.logA[samples[at + j]] - shift;
    out.gradients[j] = logistic(y);
    out.loss += softplus(y);
  }
}

/**
 * Numbers of draws at which to look: m = 1, then max(m + 1, floor(m * growth)), the last is `draws`.
 * @param {number} draws @param {number} growth
 */
export function checkpoints(draws, growth) {
  const list = [];
  for (let m = 1; m < draws; m = Math.max(m + 1, Math.floor(m * growth))) list.push(m);
  list.push(draws);
  return list;
}

/**
 * A walk along the draws: the sum of the first `position` gradients, its square, the largest that this was on the way,
 * and its product with the full one.
 * @param {number} n @param {number} k
 */
export const newWalk = (n, k) => ({
  position: 0,
  sum: new Float64Array(n),
  square: 0,
  peak: 0,
  product: 0,
  loss: 0,
  draw: newDraw(k),
});

/**
 * The start of a walk, in the room of an earlier one.
 * @param {Walk | undefined} old @param {number} n @param {number} k @returns {Walk}
 */
export function restart(old, n, k) {
  if (old?.sum.length !== n || old.draw.gradients.length < k) return newWalk(n, k);
  old.sum.fill(0);
  old.position = old.square = old.peak = old.product = old.loss = 0;
  return old;
}

/**
 * Add the gradient of the draw at hand to the sum.
 * @param {Walk} walk @param {Terms} e @param {Int32Array} samples @param {number} at @param {number} k
 */
function add(walk, e, samples, at, k) {
  const { sum, draw } = walk;
  const { full } = e;
  const { gradients } = draw;
  let { square, product } = walk;
  for (let j = 0; j < k; j++) {
    const c = samples[at + j];
    const g = gradients[j];
    square += g * (2 * sum[c] + g);
    product += g * full[c];
    sum[c] += g;
  }
  walk.square = square + draw.target * (2 * sum[e.t] + draw.target);
  walk.peak = Math.max(walk.peak, square); // where the target is a sample, its pull takes back what it was pushed
  walk.product = product + draw.target * full[e.t];
  sum[e.t] += draw.target;
  walk.loss += draw.loss;
}

/**
 * Go on to the first `to` draws.
 * @param {Walk} walk @param {Terms} e @param {Rows} rows @param {number} k @param {number} to @param {Extent | null} extent
 */
export function advance(walk, e, rows, k, to, extent = null) {
  for (; walk.position < to; walk.position++) {
    const at = rows.at(walk.position, k);
    drawOnce(e, rows.samples, at, k, walk.draw);
    add(walk, e, rows.samples, at, k);
    if (extent) widen(extent, e, rows.samples, at, k, walk.draw);
  }
}

/**
 * The L2 distance of the average from the full gradient, from the sums where they tell, else class by class.
 * @param {Walk} walk @param {Terms} e
 */
export function distance({ sum, square, peak, product, position: m }, e) {
  const squares = Math.max(square, peak) / m / m + e.square;
  const apart = square / m / m + e.square - (2 * product) / m;
  if (apart > CANCELS * squares) return Math.sqrt(apart);
  let exact = 0;
  for (let c = 0; c < e.n; c++) exact += (sum[c] / m - e.full[c]) ** 2;
  return Math.sqrt(exact);
}

/**
 * The distances at the checkpoints of another seed.
 * @param {Terms} e @param {Rows} rows @param {number} k @param {number[]} marks @param {Walk} walk
 */
export function errorsOf(e, rows, k, marks, walk) {
  rows.reserve(marks[marks.length - 1], k);
  return marks.map((m) => {
    advance(walk, e, rows, k, m);
    return distance(walk, e);
  });
}

/**
 * A run: distances and the averages of some classes at the checkpoints, and how far its draws reach.
 * @param {Terms} e @param {Rows} rows @param {number} k @param {number[]} marks @param {number[]} watched @param {Walk} walk
 */
export function converge(e, rows, k, marks, watched, walk) {
  const extent = newExtent(e.n);
  if (e.rule.corrects) reach(extent, e.own - e.base - Math.log(k), 1);
  const errors = [];
  /** @type {number[][]} */
  const lines = watched.map(() => []);
  for (const m of marks) {
    advance(walk, e, rows, k, m, extent);
    errors.push(distance(walk, e));
    for (const [i, c] of watched.entries()) lines[i].push(walk.sum[c] / m);
  }
  return { marks, errors, lines, walk, extent };
}

/**
 * How far draws reach: corrected scores less x_t of single samples, and log of the weight of all terms of a class;
 * gradients.
 * @param {number} n
 */
export const newExtent = (n) => ({
  counts: new Int32Array(n),
  low: Infinity,
  high: -Infinity,
  heavy: 0,
  gradientLow: 0,
  gradientHigh: 0,
});

/** Widen an extent by a corrected score less x_t. @param {Extent} extent @param {number} log @param {number} terms */
function reach(extent, log, terms) {
  if (log < extent.low) extent.low = log;
  if (log > extent.high) extent.high = log;
  const heavy = terms > 1 ? log + Math.log(terms) : log;
  if (heavy > extent.heavy) extent.heavy = heavy;
}

/**
 * Widen an extent by one draw.
 * @param {Extent} extent @param {Terms} e @param {Int32Array} samples @param {number} at @param {number} k
 * @param {Drawn} draw
 */
function widen(extent, e, samples, at, k, draw) {
  const { counts } = extent;
  const shift = e.base + logDivisor(e.rule, draw.kept, k);
  const again = Number(Boolean(e.rule.corrects)); // the target's own term
  let pull = draw.target;
  for (let j = 0; j < k; j++) {
    const c = samples[at + j];
    const count = ++counts[c];
    if (c === e.t) pull += draw.gradients[j];
    if (c === e.t && !e.counts) continue;
    reach(extent, e.logA[c] - shift, c === e.t ? count + again : count);
    if (c !== e.t) extent.gradientHigh = Math.max(extent.gradientHigh, count * draw.gradients[j]);
  }
  for (let j = at; j < at + k; j++) counts[samples[j]] = 0;
  extent.gradientLow = Math.min(extent.gradientLow, pull);
  extent.gradientHigh = Math.max(extent.gradientHigh, pull);
}
