/** Exact moments of one draw: a one-dimensional integral, no simulation. The formulas are those of ssm.exact. */

/** @typedef {import("./draws.js").Terms} Terms */
/**
 * The classes that can be drawn, the target left out: probabilities, weights a_c, and their places among all.
 * @typedef {{q: Float64Array, a: Float64Array, index: Int32Array, qt: number, k: number, scale: number,
 *   highest: number}} Integrand
 * @typedef {{mean: Float64Array, square: Float64Array, off: Float64Array, sums: Sums}} Room
 * @typedef {{target: number, target2: number, loss: number}} Sums
 */

const LOWEST = -3.6; // at smaller s, v is out of sight of every moment
const FAINT = -46; // log of E[exp(-v k_eff)], in parts of its start, where v ends
const WIDEST_STEP = 0.15;
const MOST_NODES = 2048;
const TOLERANCE = 1e-13;
const ROUNDING = 1e-13; // of a difference of squares: a variance that is no larger is none
const UNDERFLOW = -700;
const NEAR = -0.03; // to here from 0 the series of expm1 is its equal, and faster

/**
 * @param {Terms} e @param {Float64Array} logs log of what is drawn from @param {number} k @returns {Integrand}
 */
function integrand(e, logs, k) {
  const q = new Float64Array(e.n);
  const a = new Float64Array(e.n);
  const index = new Int32Array(e.n);
  let size = 0;
  let mean = 0;
  let top = 0;
  for (let c = 0; c < e.n; c++) {
    const qc = c === e.t ? 0 : Math.exp(logs[c]);
    if (qc === 0) continue;
    q[size] = qc;
    a[size] = e.a ? e.a[c] : Math.exp(e.logA[c]);
    mean += qc * (1 + a[size]);
    if (a[size] > top) top = a[size];
    index[size++] = c;
  }
  const qt = Math.exp(logs[e.t]);
  const scale = Math.max(k * mean, 1 + top); // of 1 / v where the first of the integrands ends
  const highest = Math.log(lastV(qt, k) * scale) + 0.1; // of s, where v = exp(s - e^-s) / scale
  const parts = { q: q.subarray(0, size), a: a.subarray(0, size), index: index.subarray(0, size) };
  return { ...parts, qt, k, scale, highest };
}

/** expm1 near 0. @param {number} x */
const series = (x) =>
  x * (1 + (x / 2) * (1 + (x / 3) * (1 + (x / 4) * (1 + (x / 5) * (1 + (x / 6) * (1 + (x / 7) * (1 + x / 8)))))));

/**
 * e^{-v b_c} of all classes to `off`, and their sums: S = sum of q e^{-v b}, and 1 - G, each in full precision.
 * @param {Integrand} f @param {number} v @param {Float64Array} off
 */
function transform({ q, a }, v, off) {
  let lack = 0;
  let left = 0;
  for (let c = 0; c < q.length; c++) {
    const x = -v * (1 + a[c]);
    if (x > NEAR) {
      const d = series(x);
      off[c] = 1 + d;
      lack += q[c] * d;
    } else {
      off[c] = x < UNDERFLOW ? 0 : Math.exp(x);
      lack += q[c] * (off[c] - 1);
    }
    left += q[c] * off[c];
  }
  return { left, logG: Math.log1p(Math.max(-1, lack)) };
}

/** G^m: a power of 0 is 1, and 0 * log 0 is not a number. @param {number} logG @param {number} m */
const power = (logG, m) => (m <= 0 ? 1 : Math.exp(m * logG));

/**
 * Add one node of the integrals.
 * @param {Integrand} f @param {Room} room @param {number} s @param {number} h
 */
function addNode(f, room, s, h) {
  const { qt, k } = f;
  const { sums } = room;
  const w = Math.exp(-s);
  const v = Math.exp(s - w) / f.scale;
  const dv = v * (1 + w) * h;
  const { left, logG } = transform(f, v, room.off);
  const w1 = dv * k * power(logG, k - 1);
  const w3 = dv * v * k * (k - 1) * power(logG, k - 2);
  sums.target += w1 * left;
  sums.target2 += v * w1 * left + w3 * left * left;
  const none = qt === 0 ? Math.exp(-k * v) : Math.exp(k * Math.log1p((1 - qt) * Math.expm1(-v)));
  sums.loss += (1 + w) * h * (none - Math.exp(k * logG)); // dv / v, also where v underflows
  if (w1 !== 0 || w3 !== 0) addClasses(f, room, w1, v * w1, w3);
}

/**
 * @param {Integrand} f @param {Room} room @param {number} w1 @param {number} w2 @param {number} w3
 */
function addClasses({ q }, { mean, square, off }, w1, w2, w3) {
  for (let c = 0; c < q.length; c++) {
    mean[c] += w1 * off[c];
    square[c] += (w2 + w3 * q[c] * off[c]) * off[c];
  }
}

/** @param {Integrand} f @param {number} nodes */
function quadrature(f, nodes) {
  const { q, a, k } = f;
  const [mean, square, off] = [0, 1, 2].map(() => new Float64Array(q.length));
  const room = { mean, square, off, sums: { target: 0, target2: 0, loss: 0 } };
  const h = (f.highest - LOWEST) / (nodes - 1);
  for (let i = 0; i < nodes; i++) addNode(f, room, LOWEST + i * h, h);
  const some = 1 - f.qt ** k; // the chance that a sample is kept
  let error = room.sums.target - some;
  for (let c = 0; c < q.length; c++) {
    const weight = q[c] * a[c];
    error += mean[c] *= weight;
    square[c] *= weight * a[c];
  }
  return { ...room, some, error: Math.abs(error) };
}

/**
 * The v at which (q_t + (1 - q_t) e^{-v})^k - q_t^k, which bounds every integrand, has fallen to e^FAINT of its start.
 * @param {number} qt @param {number} k
 */
function lastV(qt, k) {
  const log = FAINT + Math.log1p(-(qt ** k)) - k * Math.log(qt); // of the part of q_t^k that is left
  const softplus = log > 30 ? log : Math.log1p(Math.exp(log));
  const v = Math.log1p(-qt) - Math.log(qt * Math.expm1(softplus / k));
  if (!(v < -FAINT)) return -FAINT; // which is far enough for any q_t
  return Math.max(v, -FAINT / k);
}

/** @param {Integrand} f */
function integrate(f) {
  let nodes = Math.ceil((f.highest - LOWEST) / WIDEST_STEP);
  let found = quadrature(f, nodes);
  while (!(found.error < TOLERANCE) && nodes < MOST_NODES) {
    nodes *= 2;
    found = quadrature(f, nodes);
  }
  return found;
}

/** @param {number} mean @param {number} square @param {number} rounding */
function spread(mean, square, rounding) {
  const variance = square - mean * mean;
  return variance > rounding ? variance : 0;
}

/**
 * Exact mean and variance of the gradient, and the mean loss; null where weights are beyond float64 without logarithms:
 * torch, which has them, fills it in.
 * @param {Terms} e @param {Float64Array} logs log of what is drawn from @param {number} k
 */
export function moments(e, logs, k) {
  const f = integrand(e, logs, k);
  if (!Number.isFinite(f.scale)) return null;
  const { mean, square, sums, some, error } = integrate(f);
  const all = { mean: new Float64Array(e.n), variance: new Float64Array(e.n), loss: sums.loss, error };
  for (let i = 0; i < f.index.length; i++) {
    all.mean[f.index[i]] = mean[i];
    all.variance[f.index[i]] = spread(mean[i], square[i], ROUNDING * square[i]);
  }
  all.mean[e.t] = sums.target - some;
  all.variance[e.t] = spread(sums.target - some, sums.target2 - 2 * sums.target + some, ROUNDING);
  return all;
}
