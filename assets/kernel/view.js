/**
 * Everything that the panels, the sentence and the strip show, computed in the page so that a dragged control answers at
 * once. No DOM here. ssm.explorer.experiment is the truth; the tests hold every number of this folder against it.
 */

import { drawOnce, newDraw } from "./draws.js";
import { handlingOf, logDivisor, RULES, targetCorrection } from "./estimators.js";
import { layers } from "./layers.js";
import { recall } from "./memo.js";
import { held, omitting, rankOf, shown } from "./selection.js";

export { checkpoints } from "./draws.js";
export { moments } from "./moments.js";
export { logProbs } from "./noise.js";
export { normals, philox, uniforms } from "./philox.js";
export { ranks } from "./selection.js";

/** @typedef {import("../types").View} View @typedef {import("../types").Constants} Constants */
/** @typedef {import("../types").Problem} Problem @typedef {import("../types").Settings} Settings */
/** @typedef {import("./layers.js").Layers} Layers @typedef {ReturnType<typeof currentDraw>} Current */

const MOST_COMPARED = 2_000; // classes up to which six estimators together answer within a frame
const UNLIMITED = { samples: Infinity, classes: Infinity, exponentials: Infinity };

/** JSON has no infinities, and 0 / 0 is nothing. @param {number} value */
const finite = (value) => (Number.isFinite(value) ? value : null);

/**
 * The draw that the panels show: its samples, and for each class among them how often it came and its gradient.
 * @param {Layers} all @param {Settings} s
 */
function currentDraw({ e, rows, source }, s) {
  const { samples: k } = s;
  const at = rows.at(s.draw - 1, k);
  const samples = rows.samples.subarray(at, at + k);
  const draw = newDraw(k);
  drawOnce(e, rows.samples, at, k, draw);
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const c of samples) counts.set(c, (counts.get(c) ?? 0) + 1);
  const own = targetCorrection(s.estimator, source, e.t, k);
  const logKept = logDivisor(e.rule, draw.kept, k);
  const thrown = (/** @type {number} */ c) => c === e.t && !e.counts;
  const sampled = (/** @type {number} */ c) => (thrown(c) ? null : e.rule.shift(source, c) - logKept);
  const correction = (/** @type {number} */ c) => {
    if (c === e.t && e.rule.corrects) return own;
    return counts.has(c) ? sampled(c) : null;
  };
  const pull = samples.reduce((sum, c, j) => (c === e.t ? sum + draw.gradients[j] : sum), draw.target);
  const pushes = pushesOf(samples, draw.gradients, e.t);
  return { ...draw, samples, counts, own, thrown, sampled, correction, pull, pushes };
}

/**
 * The gradient of each distinct class sampled but the target, the largest first. Gradients that differ by rounding
 * alone count as equal, as in torch's numbers, and then the lower class comes first.
 * @param {Int32Array} samples @param {Float64Array} gradients @param {number} t
 */
function pushesOf(samples, gradients, t) {
  /** @type {Map<number, number>} */
  const totals = new Map();
  samples.forEach((c, j) => {
    if (c !== t) totals.set(c, (totals.get(c) ?? 0) + gradients[j]);
  });
  return new Map([...totals].sort((a, b) => Math.fround(b[1]) - Math.fround(a[1]) || a[0] - b[0]));
}

/**
 * How many equally weighted samples a draw is worth: (sum of w)^2 / sum of w^2.
 * @param {Float64Array} gradients
 */
function effective(gradients) {
  const top = gradients.reduce((a, b) => Math.max(a, b), 0);
  if (top === 0) return 0;
  const sum = gradients.reduce((total, g) => total + g / top, 0);
  return (sum * sum) / gradients.reduce((total, g) => total + (g / top) ** 2, 0);
}

/**
 * The L2 distance of one draw's gradient from the full one.
 * @param {Layers} all @param {Current} current
 */
function errorOf({ e }, { pushes, pull }) {
  const apart = e.full.slice();
  apart[e.t] -= pull;
  for (const [c, g] of pushes) apart[c] -= g;
  return Math.sqrt(apart.reduce((sum, d) => sum + d * d, 0));
}

/** @param {Layers} all @param {Settings} s @param {number[]} slots @returns {View["classes"]} */
function classesPart({ e, model, source, chi2 }, s, slots) {
  return {
    index: slots,
    score: slots.map((c) => model.x[c]),
    probability: slots.map((c) => model.p[c]),
    noise: slots.map((c) => source.probs[c]),
    full: slots.map((c) => e.full[c]),
    hidden: e.n - slots.length,
    n: e.n,
    target: e.t,
    target_slot: slots.indexOf(e.t),
    norm_full: model.norm,
    score_target: model.x[e.t],
    probability_target: model.p[e.t],
    noise_target: source.qt,
    spike: e.full[e.t],
    loss_full: model.loss,
    chi2: finite(chi2),
    noise_scores: s.noise === "softmax" ? e.n : 0,
  };
}

/** @param {Layers} all @param {Current} current @param {number} most */
function samplesPart({ model }, { samples, thrown, sampled, gradients }, most) {
  const first = [...samples.subarray(0, most)];
  return {
    sample_class: first,
    sample_hit: first.map(thrown),
    sample_score: first.map((c) => model.x[c]),
    sample_correction: first.map(sampled),
    sample_gradient: [...gradients.subarray(0, first.length)],
  };
}

/** @param {Layers} all @param {Current} current @param {Constants} constants */
function pushesPart({ e, model, order }, { pushes }, { BLOCKS, DOTS, SHOWN_ALL }) {
  const list = [...pushes];
  const ranking = { x: model.x, order, target: e.t };
  const dots = e.n > SHOWN_ALL ? list.slice(0, DOTS) : [];
  return {
    block_class: list.slice(0, BLOCKS).map(([c]) => c),
    block_gradient: list.slice(0, BLOCKS).map(([, g]) => g),
    block_rest: list.slice(BLOCKS).reduce((sum, [, g]) => sum + g, 0),
    dot_class: dots.map(([c]) => c),
    dot_rank: dots.map(([c]) => rankOf(ranking, c)),
    dot_gradient: dots.map(([, g]) => g),
  };
}

/** @param {Layers} all @param {Current} current @param {Settings} s */
function drawNumbers(all, current, s) {
  const { e, model } = all;
  const { counts, kept } = current;
  const computed = counts.size + (counts.has(e.t) ? 0 : 1);
  const error = errorOf(all, current);
  return {
    draw: s.draw,
    samples: s.samples,
    loss_draw: current.loss,
    kept,
    hit_count: s.samples - kept,
    target_correction: current.own,
    target_drawn: counts.get(e.t) ?? 0,
    effective: effective(current.gradients),
    computed,
    touched: kept === 0 ? 0 : computed,
    error_draw: error,
    relative_draw: finite(error / model.norm),
  };
}

/** @param {Layers} all @param {Current} current @param {number[]} slots */
function drawSlots({ e, model }, { counts, correction, pushes, pull }, slots) {
  const shifts = slots.map(correction);
  return {
    count: slots.map((c) => counts.get(c) ?? 0),
    correction: shifts,
    corrected: shifts.map((shift, i) => (shift === null ? null : model.x[slots[i]] + shift)),
    gradient: slots.map((c) => (c === e.t ? pull : (pushes.get(c) ?? 0))),
  };
}

/** @param {Layers} all @returns {View["convergence"]["extent"]} */
function extentPart({ model, run }) {
  const { low, high, heavy, gradientLow, gradientHigh } = run.extent;
  return {
    corrected_low: finite(model.x[model.t] + low),
    corrected_high: finite(model.x[model.t] + high),
    gradient_low: gradientLow,
    gradient_high: gradientHigh,
    weight_high: finite(Math.exp(heavy)),
  };
}

/** @param {Layers} all @param {number[]} slots @returns {View["convergence"]} */
function convergencePart(all, slots) {
  const { e, model, run, others, watched, draws, averaged, walk, error } = all;
  return {
    mean: slots.map((c) => walk.sum[c] / averaged),
    checkpoints: run.marks,
    errors: run.errors,
    others,
    watched,
    watched_full: watched.map((c) => e.full[c]),
    watched_mean: run.lines,
    draws,
    averaged,
    loss_mean: walk.loss / averaged,
    error_mean: error,
    relative_mean: finite(error / model.norm),
    extent: extentPart(all),
  };
}

/** @param {Layers} all @param {number[]} slots @returns {View["moments"]} */
function momentsPart({ e, model, exact, watched }, slots) {
  if (!exact) return null;
  const bias = Math.sqrt(exact.mean.reduce((sum, g, c) => sum + (g - e.full[c]) ** 2, 0));
  return {
    mean: slots.map((c) => exact.mean[c]),
    variance: slots.map((c) => exact.variance[c]),
    watched_exact: watched.map((c) => exact.mean[c]),
    bias,
    relative_bias: finite(bias / model.norm),
    variance_total: exact.variance.reduce((sum, v) => sum + v, 0),
    loss_exact: exact.loss,
  };
}

/**
 * What each estimator makes of the same draws, a row for each.
 * @param {Problem} problem @param {Settings} s @param {number[]} slots @param {import("../types").Options & {budget: import("../types").Budget, memo: import("../types").Memo}} options
 * @returns {View["estimators"]}
 */
function estimatorsPart(problem, s, slots, { constants, budget, memo }) {
  if (problem.scores.length > MOST_COMPARED) return null;
  const alone = { ...constants, OTHER_SEEDS: 0 };
  const unknown = {
    mean: slots.map(() => null),
    bias: null,
    relative_bias: null,
    variance_total: null,
    loss_exact: null,
  };
  const rows = Object.keys(RULES).map((estimator) => {
    const each = { ...s, estimator };
    const all = layers(
      problem,
      each,
      alone,
      budget,
      recall(memo, `of ${estimator}`, [], () => ({})),
    );
    const current = currentDraw(all, each);
    const exact = momentsPart(all, slots) ?? unknown;
    const average = slots.map((c) => all.walk.sum[c] / all.averaged);
    return { one: drawSlots(all, current, slots).gradient, average, loss: current.loss, exact };
  });
  return {
    one: rows.map(({ one }) => one),
    average: rows.map(({ average }) => average),
    expected: rows.map(({ exact }) => exact.mean),
    apart: rows.map(({ exact }) => exact.bias),
    apart_relative: rows.map(({ exact }) => exact.relative_bias),
    scatter: rows.map(({ exact }) => exact.variance_total),
    loss_one: rows.map(({ loss }) => loss),
    loss_expected: rows.map(({ exact }) => exact.loss_exact),
  };
}

/** @param {Layers} all @param {Settings} s @returns {View["ranked"]} */
function rankedPart({ e, curves, falling, source }, s) {
  if (!curves || !falling) return null;
  const order = handlingOf(s) === "excluded" ? [...omitting(falling, e.t), e.t] : falling;
  const noise = curves.rank.map((r) => source.probs[order[r - 1]]);
  return { ...curves, noise };
}

/**
 * Everything that is shown, in the groups and under the names of ssm.explorer's Result.
 * @param {Problem} problem its scores are a new array whenever one has changed
 * @param {Settings} s
 * @param {import("../types").Options} options `constants` of the spec; `budget`: how many samples may be drawn in all,
 *   and up to how many classes and exponentials the exact moments are integrated (what it leaves out is null, or a
 *   shorter run, and torch fills it in); `memo`: an object of the caller's that is kept from call to call; `needs`: the groups that are
 *   shown: a draw that is not has no say in which classes have bars; `keep`: the classes that have slots,
 *   where they shall hold still.
 * @returns {View}
 */
export function view(problem, s, { constants, needs = null, budget = UNLIMITED, memo = {}, keep = null }) {
  const all = layers(problem, s, constants, budget, memo);
  const current = currentDraw(all, s);
  const ranking = { x: all.model.x, order: all.order, target: all.e.t };
  const sampled = !needs || needs.includes("draw") ? current.counts.keys() : [];
  const slots = held(keep, all.e.n, all.e.t, constants) ?? shown(ranking, sampled, constants);
  return {
    classes: classesPart(all, s, slots),
    draw: {
      ...drawSlots(all, current, slots),
      ...samplesPart(all, current, constants.TERMS),
      ...pushesPart(all, current, constants),
      ...drawNumbers(all, current, s),
    },
    convergence: convergencePart(all, slots),
    moments: momentsPart(all, slots),
    ranked: rankedPart(all, s),
    estimators: needs?.includes("estimators") ? estimatorsPart(problem, s, slots, { constants, budget, memo }) : null,
    curves: null, // these are torch's alone
    learned: null,
    steps: null,
  };
}
