/** What each estimator adds to the scores of samples, what the target's own score is beside them, and which samples count. */

import { handling } from "./ratio.js";

/** @typedef {import("../types").Settings} Settings */
/** @typedef {{logQ: Float64Array, logR: Float64Array}} Noise log q, and log of q given "not the target" */
/**
 * @typedef {object} Rule
 * @property {(noise: Noise, c: number) => number} shift of a sample of class c, but for the logarithm of their number
 * @property {boolean} divides by a number of samples, see `logDivisor`
 * @property {boolean} [corrects] the target's own score as that of a sample
 * @property {boolean} [judges] each class by itself, by a logistic loss, where all others are ratios
 * @property {boolean} [alone] samples make the sum, and the target has no term of its own
 */

const ofQ = (/** @type {Noise} */ { logQ }, /** @type {number} */ c) => -logQ[c];
const none = () => 0;

/** @type {Record<string, Rule>} */
export const RULES = {
  sampled_softmax: { shift: ({ logR }, c) => -logR[c], divides: true },
  naive_importance: { shift: ofQ, divides: true, alone: true },
  log_q: { shift: ofQ, divides: true, corrects: true },
  uncorrected: { shift: none, divides: false },
  nce: { shift: ofQ, divides: true, corrects: true, judges: true },
  negative_sampling: { shift: none, divides: false, judges: true },
};

/** What becomes of hits: what was chosen, where the estimator leaves a choice. @param {Settings} s */
export const handlingOf = ({ estimator, hits }) =>
  handling({ estimator, hits: undefined }) === "kept" ? "kept" : hits;

/**
 * Log of what the weight of a sample is divided by: the samples that count, or all where the target's own weight is
 * divided too.
 * @param {Rule} rule @param {number} kept @param {number} k
 */
export const logDivisor = ({ divides, corrects }, kept, k) => (divides ? Math.log(corrects ? k : kept) : 0);

/**
 * What is added to the target's own score; null where it has no term of its own.
 * @param {string} estimator @param {Noise} noise @param {number} t @param {number} k
 */
export function targetCorrection(estimator, { logQ }, t, k) {
  const { corrects, alone } = RULES[estimator];
  if (alone) return null;
  return corrects ? -logQ[t] - Math.log(k) : 0;
}
