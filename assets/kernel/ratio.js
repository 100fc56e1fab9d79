/** What a draw of an estimator adds up: the ratio of two sums whose moments are sought, as ssm.exact has it. */

import { recall } from "./memo.js";
import { without } from "./noise.js";
import { logSum, sum } from "./sums.js";

/** @typedef {import("../types").Memo} Memo @typedef {ReturnType<typeof drawnOf>} Drawn */
/**
 * A problem, its noise and an estimator.
 * @typedef {object} Subject
 * @property {Float64Array} x the scores
 * @property {number} t the target
 * @property {Float64Array} logQ log of the noise itself over all classes, -Infinity for one that is never drawn
 * @property {number} k samples of a draw
 * @property {string} estimator the name of a loss in ssm.losses
 * @property {string} [hits] "rejected", "excluded" or "kept"; left out, what suits the estimator
 */
/**
 * One sample of another class c adds `each` to T, the sum of the target, and a_c to O; a hit adds h to T. T starts at
 * `start`. Then g_c = N_c a_c / (T + O) and g_t = -O / (T + O).
 * @typedef {object} Ratio
 * @property {Float64Array} q the chance of each class that can be drawn but the target, or weights of points instead
 * @property {Float64Array} squares the squares of these chances, or their weights
 * @property {Float64Array} logA log a_c
 * @property {number} logMean log of what a sample adds to O in the mean
 * @property {number} rest the chance of any class but the target
 * @property {number} hit the chance of a hit
 * @property {number} start 0 or 1
 * @property {number} each 0 or 1
 * @property {number} logHit log h, -Infinity where hits add nothing
 * @property {[number, number]} counts how much a sample of another class, and a hit, count in the loss
 */

const LEAST_CHANCE = 1e-300; // of drawing anything but the target
const ONE_BY_ONE = new Set(["naive_importance", "nce", "negative_sampling"]);
const APART = new Set(["log_q", "uncorrected"]); // the target is added once to each draw, and not for each sample

/** What becomes of hits. @param {Pick<Subject, "estimator" | "hits">} subject */
export const handling = ({ estimator, hits }) => hits ?? (ONE_BY_ONE.has(estimator) ? "kept" : "rejected");

/** The classes but the target that can come. @param {Float64Array} probs @param {number} t */
function drawable(probs, t) {
  const index = new Int32Array(probs.length);
  let size = 0;
  for (let c = 0; c < probs.length; c++) if (c !== t && probs[c] > 0) index[size++] = c;
  return index.subarray(0, size);
}

/** The values of some classes. @param {Float64Array} values @param {Int32Array} index */
function gather(values, index) {
  const found = new Float64Array(index.length);
  for (let i = 0; i < index.length; i++) found[i] = values[index[i]];
  return found;
}

/**
 * The noise, what samples are drawn from, and the classes but the target that can come, with their chances.
 * @param {Float64Array} logQ @param {number} t @param {string} mode
 */
function drawnOf(logQ, t, mode) {
  const q = { logs: logQ, probs: logQ.map(Math.exp) };
  const r = without(q, t);
  const source = mode === "excluded" ? r : q;
  const index = drawable(source.probs, t);
  const chances = gather(source.probs, index);
  const squares = chances.map((chance) => chance * chance);
  const logChances = gather(source.logs, index);
  return { logQ, logR: r.logs, source, index, chances, squares, logChances, rest: sum(chances), hit: source.probs[t] };
}

/**
 * The same, made once for a noise, a target and a way with hits.
 * @param {Memo} memo @param {Subject} subject
 */
export function drawn(memo, { logQ, t, estimator, hits }) {
  const mode = handling({ estimator, hits });
  return recall(memo, "drawn", [logQ, t, mode], () => drawnOf(logQ, t, mode));
}

/**
 * What is subtracted from the scores of the samples, where the target's is left as it is: logarithms, and a number.
 * @type {Record<string, (from: Drawn, t: number) => [Float64Array | null, number]>}
 */
const CORRECTIONS = {
  sampled_softmax: ({ logR }) => [logR, 0],
  naive_importance: ({ logQ }) => [logQ, 0],
  log_q: ({ logQ }, t) => [logQ, -logQ[t]],
  uncorrected: () => [null, 0],
};

/** Whether the gradient of an estimator is such a ratio. @param {string} estimator */
export const isRatio = (estimator) => estimator in CORRECTIONS;

/**
 * log a_c of the classes that can come.
 * @param {Drawn} from @param {Subject} subject
 */
function weights(from, { x, t, estimator }) {
  const [logs, more] = CORRECTIONS[estimator](from, t);
  const found = gather(x, from.index);
  for (let i = 0; i < found.length; i++) found[i] = found[i] - x[t] - (logs ? logs[from.index[i]] + more : 0);
  return found;
}

/**
 * What a draw adds up, whatever its number of samples.
 * @param {Drawn} from @param {Subject} subject @returns {Ratio}
 */
export function ratioOf(from, subject) {
  const { estimator, hits } = subject;
  const logA = weights(from, subject);
  const kept = handling({ estimator, hits }) === "kept";
  const apart = APART.has(estimator);
  return {
    q: from.chances,
    squares: from.squares,
    logA,
    logMean: logSum(logA.map((log, i) => log + from.logChances[i])),
    rest: Math.min(1, Math.max(from.rest, LEAST_CHANCE)), // it may round to a little more
    hit: from.hit,
    start: Number(apart),
    each: Number(estimator === "sampled_softmax"),
    logHit: !kept || from.hit === 0 ? -Infinity : apart ? 0 : -from.logQ[subject.t],
    counts: apart ? [0, 0] : [1, Number(kept)],
  };
}
