/** Draws of the sampled softmax, one after another: gradients, losses, and how their average nears the full gradient. */

/** @typedef {import("./rows.js").Rows} Rows */
/**
 * What every draw needs.
 * @typedef {object} Terms
 * @property {number} t the target
 * @property {number} n
 * @property {Float64Array} full the full gradient
 * @property {number} square its squared norm
 * @property {Float64Array} logA x_c - x_t - log r_c: log of a sample's corrected weight, the target's being k_eff
 * @property {Float64Array | null} a its exponential, or null where that leaves float64
 */
/** @typedef {ReturnType<typeof newDraw>} Drawn @typedef {ReturnType<typeof newWalk>} Walk */
/** @typedef {ReturnType<typeof newExtent>} Extent */

const LARGEST_EXPONENT = 600; // exp() of more leaves too little room below the largest double
const CANCELS = 1e-5; // of the squares: a difference of them that is smaller is summed class by class

/**
 * Sampled weights in parts of the target's, before they are divided by k_eff.
 * @param {Float64Array} x @param {number} t @param {Float64Array} logR
 * @param {{logA: Float64Array, room: Float64Array}} [old] whose room is used
 */
export function weightsOf(x, t, logR, old) {
  const n = x.length;
  const { logA, room } = old?.room.length === n ? old : { logA: new Float64Array(n), room: new Float64Array(n) };
  let top = 0;
  for (let c = 0; c < n; c++) {
    logA[c] = c === t ? -Infinity : x[c] - x[t] - logR[c];
    if (logA[c] > top) top = logA[c];
  }
  const safe = top < LARGEST_EXPONENT;
  if (safe) for (let c = 0; c < n; c++) room[c] = Math.exp(logA[c]);
  return { logA, a: safe ? room : null, room };
}

/** Room for one draw of at most k samples. @param {number} k */
export const newDraw = (k) => ({ gradients: new Float64Array(k), kept: 0, target: 0, loss: 0 });

/**
 * log of what weights are divided by before they are summed, so that their sum stays within float64.
 * @param {Terms} e @param {Int32Array} samples @param {number} at @param {number} k @param {number} kept
 */
function shiftOf(e, samples, at, k, kept) {
  if (e.a) return 0;
  let top = Math.log(kept);
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

/** @param {number} t @param {Int32Array} samples @param {number} at @param {number} k */
function keptOf(t, samples, at, k) {
  let kept = 0;
  for (let j = at; j < at + k; j++) if (samples[j] !== t) kept++;
  return kept;
}

/**
 * One draw: each sample's gradient, the target's gradient and the loss. With no sample kept, all are 0.
 * @param {Terms} e @param {Int32Array} samples @param {number} at where the draw's k samples begin
 * @param {number} k @param {Drawn} out
 */
export function drawOnce(e, samples, at, k, out) {
  const kept = keptOf(e.t, samples, at, k);
  const shift = shiftOf(e, samples, at, k, kept);
  const rest = kept === 0 ? 0 : weigh(e, samples, at, k, shift, out.gradients);
  const target = kept * Math.exp(-shift);
  const all = target + rest;
  out.kept = kept;
  out.target = kept === 0 ? 0 : -rest / all;
  out.loss = rest < target ? Math.log1p(rest / target) : kept === 0 ? 0 : Math.log(all) + shift - Math.log(kept);
  if (kept === 0) out.gradients.fill(0, 0, k);
  else for (let j = 0; j < k; j++) out.gradients[j] /= all;
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
 * A walk along the draws: the sum of the first `position` gradients, its square and its product with the full one.
 * @param {number} n @param {number} k
 */
export const newWalk = (n, k) => ({
  position: 0,
  sum: new Float64Array(n),
  square: 0,
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
  old.position = old.square = old.product = old.loss = 0;
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
export function distance({ sum, square, product, position: m }, e) {
  const squares = square / m / m + e.square;
  const apart = squares - (2 * product) / m;
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
 * How far draws reach: log a_c / k_eff of single samples, and of all of a class; gradients of the target and of others.
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

/**
 * Widen an extent by one draw.
 * @param {Extent} extent @param {Terms} e @param {Int32Array} samples @param {number} at @param {number} k
 * @param {Drawn} draw
 */
function widen(extent, e, samples, at, k, draw) {
  if (draw.kept === 0) return;
  const { counts } = extent;
  const logKept = Math.log(draw.kept);
  for (let j = 0; j < k; j++) {
    const c = samples[at + j];
    const count = ++counts[c];
    if (c === e.t) continue;
    const log = e.logA[c] - logKept;
    if (log < extent.low) extent.low = log;
    if (log > extent.high) extent.high = log;
    const heavy = count > 1 ? log + Math.log(count) : log;
    if (heavy > extent.heavy) extent.heavy = heavy;
    if (count * draw.gradients[j] > extent.gradientHigh) extent.gradientHigh = count * draw.gradients[j];
  }
  for (let j = at; j < at + k; j++) counts[samples[j]] = 0;
  if (draw.target < extent.gradientLow) extent.gradientLow = draw.target;
}
