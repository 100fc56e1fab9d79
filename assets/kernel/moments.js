/** Moments of the estimators, exact: no Monte Carlo noise, the numbers of ssm.exact. */

import { compress, read } from "./compression.js";
import { recall } from "./memo.js";
import { integrate, workOf } from "./quadrature.js";
import { drawn, handling, isRatio, ratioOf } from "./ratio.js";
import { sum } from "./sums.js";

/** @typedef {import("../types").Memo} Memo @typedef {import("./ratio.js").Subject} Subject */
/** @typedef {import("./ratio.js").Ratio} Ratio @typedef {import("./ratio.js").Drawn} Drawn */
/** @typedef {import("./compression.js").Points} Points */
/** @typedef {ReturnType<typeof integrate>} Sums */
/**
 * Of one draw of k samples: E[g_c] and Var[g_c] of every class, E[loss] in nats, and how far the integrals may be off.
 * @typedef {{mean: Float64Array, variance: Float64Array, loss: number, error: number}} Moments
 */

const WIDEST_GAP = 3000; // of scores; the nodes grow with it
const TOLERANCE = 1e-9;
const ROUNDING = 1e-13; // of a second moment: a variance that is no larger is none
const NO_CORRECTION = -1e300; // for a class that is never drawn

/**
 * Exact mean and variance of an estimator's gradient, and its mean loss; null where ssm.exact refuses, and where more
 * than `most` exponentials would be needed.
 * @param {Subject} subject @param {Memo} [memo] kept from call to call, so that another k spreads no classes again
 * @param {number} [most] @returns {Moments | null}
 */
export function moments(subject, memo = {}, most = Infinity) {
  if (refused(subject)) return null;
  const from = drawn(memo, subject);
  if (!isRatio(subject.estimator)) return ofSum(from, subject);
  const { x, t, estimator, hits } = subject;
  const { ratio, points } = recall(memo, "ratio", [from, x, t, estimator, hits], () => {
    const whole = ratioOf(from, subject);
    return { ratio: whole, points: compress(whole) };
  });
  if (workOf(points?.ratio ?? ratio, subject.k) > most) return null;
  const sums = integrate(points?.ratio ?? ratio, subject.k);
  return sums.error <= TOLERANCE ? ofRatio(from, ratio, points, sums, t) : null;
}

/** @param {Subject} subject */
function refused({ x, t, logQ, estimator, hits }) {
  const alone = estimator === "naive_importance";
  if (alone && handling({ estimator, hits }) !== "kept") return true;
  if (logQ[t] === -Infinity && (estimator === "log_q" || estimator === "nce")) return true;
  const highest = x.reduce((a, b) => Math.max(a, b));
  const lowest = alone ? x.reduce((a, b) => Math.min(a, b)) : x[t];
  return isRatio(estimator) && !(highest - lowest <= WIDEST_GAP);
}

/** A difference of squares, and what rounding leaves of it is none. @param {number} first @param {number} second */
function spread(first, second) {
  const variance = second - first * first;
  return variance > ROUNDING * second ? variance : 0;
}

/**
 * @param {Drawn} from @param {Ratio} ratio @param {Points | null} points @param {Sums} sums @param {number} t
 * @returns {Moments}
 */
function ofRatio({ index, logQ }, { q }, points, sums, t) {
  const [mean, variance] = [new Float64Array(logQ.length), new Float64Array(logQ.length)];
  const at = (/** @type {Float64Array} */ values) => (points ? read(points, values) : values);
  const [first, once, twice] = [at(sums.first), at(sums.once), at(sums.twice)];
  for (let i = 0; i < index.length; i++) {
    const c = index[i];
    mean[c] = q[i] * first[i];
    variance[c] = spread(mean[c], q[i] * (once[i] + q[i] * twice[i]));
  }
  mean[t] = -sum(mean);
  variance[t] = spread(sums.targetFirst, sums.targetSecond);
  return { mean, variance, loss: sums.loss, error: sums.error };
}

/** The logistic function. @param {number} y */
const sigmoid = (y) => 1 / (1 + Math.exp(-y));

/** -log s(-y). @param {number} y */
const softplus = (y) => Math.max(y, 0) + Math.log1p(Math.exp(-Math.abs(y)));

/**
 * The losses that judge each sample by itself are sums over independent samples, and so are their moments:
 * E[g_c] = k q_c s(y_c) and Var g_c = k q_c (1 - q_c) s(y_c)^2, and s(y_t) - 1 beside on the target.
 * @param {Drawn} from @param {Subject} subject @returns {Moments}
 */
function ofSum({ source, logQ }, { x, t, k, estimator, hits }) {
  const log = Math.log(k);
  const y = estimator === "nce" ? x.map((score, c) => score - Math.max(logQ[c] + log, NO_CORRECTION)) : x;
  const counts = source.probs.slice();
  if (handling({ estimator, hits }) === "rejected") counts[t] = 0;
  const mean = counts.map((chance, c) => k * chance * sigmoid(y[c]));
  const variance = counts.map((chance, c) => k * chance * (1 - chance) * sigmoid(y[c]) ** 2);
  mean[t] -= sigmoid(-y[t]);
  // Of a class that is never drawn the cost may be infinite, and does not count.
  const loss = k * sum(counts.map((chance, c) => (chance ? chance * softplus(y[c]) : 0))) + softplus(-y[t]);
  return { mean, variance, loss, error: 0 };
}
