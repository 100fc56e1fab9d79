/**
 * What a view is made of, in layers: each is kept until something that it is made of changes, so that a dragged score
 * does not sort the classes again and a step of the player costs one draw.
 */

import { chiSquared } from "./chi_squared.js";
import { advance, checkpoints, converge, distance, errorsOf, restart, weightsOf } from "./draws.js";
import { handlingOf } from "./estimators.js";
import { recall } from "./memo.js";
import { moments } from "./moments.js";
import { distribution, logSumExp, normalise, tabulate, without } from "./noise.js";
import { Rows } from "./rows.js";
import { inTurn, leading, masses, omitting, patched, ranks, sorted } from "./selection.js";

/** @typedef {import("../types").Problem} Problem @typedef {import("../types").Settings} Settings */
/** @typedef {import("../types").Constants} Constants @typedef {import("../types").Budget} Budget */
/** @typedef {import("../types").Memo} Memo */
/** @typedef {import("./draws.js").Terms} Terms @typedef {import("./draws.js").Walk} Walk */
/** @typedef {ReturnType<typeof softmax>} Model @typedef {ReturnType<typeof weightsOf>} Weights */
/** @typedef {ReturnType<typeof converge>} Converged @typedef {ReturnType<typeof layers>} Layers */

const LEAST_REST = 0.1; // what is left of 1 by more than 1 - this is summed by itself

/**
 * The classes by score: sorted once for a problem, patched for dragged ones.
 * @param {Memo} memo @param {Problem} problem
 */
function orderOf(memo, { scores, base, edits }) {
  const whole = recall(memo, "order", [base ?? scores], () => sorted(base ?? scores));
  if (!base || !edits?.length) return whole;
  return recall(memo, "patched", [whole, scores], () =>
    patched(
      whole,
      scores,
      edits.map(([c]) => c),
    ),
  );
}

/**
 * The full softmax.
 * @param {Float64Array} x @param {number} t @param {{p: Float64Array, full: Float64Array}} [old] whose room is used
 */
function softmax(x, t, old) {
  const { z, shares: p } = normalise(x, old?.p);
  const full = old?.full.length === x.length ? old.full : new Float64Array(x.length);
  full.set(p);
  const logRest = 1 - p[t] > LEAST_REST ? z + Math.log1p(-p[t]) : logSumExp(x, t);
  full[t] = -(1 - p[t] > LEAST_REST ? 1 - p[t] : Math.exp(logRest - z));
  let square = 0;
  for (let c = 0; c < full.length; c++) square += full[c] * full[c];
  return { x, t, n: x.length, p, full, square, norm: Math.sqrt(square), logRest, loss: z - x[t] };
}

/**
 * What samples are drawn from, and the noise given "not the target".
 * @param {ReturnType<typeof distribution>} q @param {number} t @param {string} hits
 */
function sourceOf(q, t, hits) {
  const r = without(q, t);
  const drawn = hits === "excluded" ? r : q;
  return { logQ: q.logs, logR: r.logs, probs: drawn.probs, qt: q.probs[t], table: tabulate(drawn.probs) };
}

/**
 * The classes by the noise's own probabilities, without sorting them again where the noise follows something sorted.
 * @param {Memo} memo @param {Problem} problem @param {Settings} s @param {Int32Array} order by score
 */
function noiseOrder(memo, { scores, counts }, s, order) {
  if (s.noise === "softmax") return order;
  const by = s.noise === "unigram" ? counts : null;
  const usual = recall(memo, "usual", [scores.length, by], () => (by ? sorted(by) : inTurn(scores.length)));
  if (s.noise !== "custom") return usual;
  const weights = new Float64Array(scores.length).fill(1);
  const inside = s.weights.filter(([c]) => c < weights.length);
  for (const [c, weight] of inside) weights[c] = weight;
  return patched(
    usual,
    weights,
    inside.map(([c]) => c),
  );
}

/**
 * Curves by rank of a problem with more classes than bars.
 * @param {Model} model @param {Int32Array} order @param {Int32Array} others @param {Constants} constants
 */
function rankedScores({ x, p, n }, order, others, { RANK_GROWTH, MASS_ENDS }) {
  const at = ranks(n, RANK_GROWTH);
  return {
    rank: at,
    score: at.map((r) => x[order[r - 1]]),
    full: at.map((r) => (r < n ? p[others[r - 1]] : null)), // there is one push less
    ...masses(others, p, MASS_ENDS),
  };
}

/**
 * Everything that is made of the problem alone, or of it and the noise.
 * @param {Memo} memo @param {Problem} problem @param {Settings} s @param {Constants} constants
 */
function steady(memo, problem, s, constants) {
  const { scores, counts } = problem;
  const { target: t } = s;
  const order = orderOf(memo, problem);
  const model = recall(memo, "model", [scores, t], (/** @type {Model | undefined} */ old) => softmax(scores, t, old));
  const others = recall(memo, "others", [order, t], (/** @type {{order: Int32Array} | undefined} */ old) => ({
    order: omitting(order, t, old?.order),
  }));
  const { noise, power, temperature } = s;
  const parts = [noise, power, temperature, JSON.stringify(s.weights), counts, scores.length];
  const q = recall(memo, "noise", noise === "softmax" ? [...parts, scores] : parts, () => distribution(problem, s));
  const hits = handlingOf(s);
  const source = recall(memo, "source", [q, t, hits], () => sourceOf(q, t, hits));
  const { estimator } = s;
  const weights = recall(memo, "weights", [scores, source, estimator], (/** @type {Weights | undefined} */ old) =>
    weightsOf({ x: scores, t, noise: source, estimator, counts: hits === "kept" }, old),
  );
  const chi2 = recall(memo, "chi2", [scores, source], () => chiSquared(scores, t, source.logR));
  const many = scores.length > constants.SHOWN_ALL;
  const curves = many
    ? recall(memo, "curves", [model, others], () => rankedScores(model, order, others.order, constants))
    : null;
  const falling = many ? recall(memo, "falling", [q, order], () => noiseOrder(memo, problem, s, order)) : null;
  return { order, others, model, source, weights, chi2, curves, falling };
}

/** @typedef {ReturnType<typeof steady>} Steady */

/**
 * The draws that a budget allows, and how many other seeds beside them.
 * @param {Settings} s @param {Budget} budget @param {Constants} constants
 */
function affordable(s, budget, { OTHER_SEEDS, OTHER_SEEDS_WORK }) {
  const draws = Math.max(1, Math.min(s.draws, Math.floor(budget.samples / s.samples)));
  const wanted = OTHER_SEEDS * s.samples * s.draws > OTHER_SEEDS_WORK ? 0 : OTHER_SEEDS;
  const left = Math.floor(budget.samples / (s.samples * draws)) - 1;
  return { draws, seeds: Math.max(0, Math.min(wanted, left)) };
}

/**
 * The rows of a seed and of as many that follow it.
 * @param {number} seed @param {number} others
 */
const seedsFrom = (seed, others) => Array.from({ length: others + 1 }, (_, i) => new Rows(seed + i));

/**
 * The distances of other seeds.
 * @param {Terms} e @param {Rows[]} rows @param {number} k @param {number[]} marks @param {Walk | undefined} room
 */
function besides(e, rows, k, marks, room) {
  let walk = room;
  const errors = rows.map((row) => {
    walk = restart(walk, e.n, k);
    return errorsOf(e, row, k, marks, walk);
  });
  return { errors, walk };
}

/**
 * The run and, beside it, the distances of other seeds.
 * @param {Memo} memo @param {Steady} base @param {Settings} s @param {Budget} budget @param {Constants} constants
 */
function runOf(memo, { source, model, weights, others }, s, budget, constants) {
  const { samples: k, seed } = s;
  const { draws, seeds } = affordable(s, budget, constants);
  const e = recall(memo, "terms", [model, weights], () => ({ ...model, ...weights }));
  const rows = recall(memo, "rows", [seed], () => seedsFrom(seed, constants.OTHER_SEEDS));
  for (const row of rows) row.from(source.table);
  rows[0].reserve(s.draws, k);
  const watched = [e.t, ...leading(others.order, constants.WATCHED - 1, e.t)];
  const marks = checkpoints(draws, constants.CHECKPOINT_GROWTH);
  const run = recall(memo, "run", [e, source, rows, k, draws], (/** @type {Converged | undefined} */ old) => {
    return converge(e, rows[0], k, marks, watched, restart(old?.walk, e.n, k));
  });
  const beside = recall(
    memo,
    "beside",
    [e, source, rows, k, draws, seeds],
    (/** @type {{errors: number[][], walk?: Walk} | undefined} */ old) => {
      return besides(e, rows.slice(1, seeds + 1), k, marks, old?.walk);
    },
  );
  return { e, rows: rows[0], draws, watched, run, others: beside.errors };
}

/** @typedef {ReturnType<typeof runOf>} Run */

/**
 * The walk over the first m draws: the run's own, or another that goes on from where it was.
 * @param {Memo} memo @param {Run} run @param {number} k @param {number} m
 */
function walkTo(memo, { e, rows, run }, k, m) {
  if (m === run.walk.position) return run.walk;
  const walk = recall(memo, "walk", [run], (/** @type {Walk | undefined} */ old) => restart(old, e.n, k));
  if (walk.position > m) restart(walk, e.n, k);
  advance(walk, e, rows, k, m);
  return walk;
}

/**
 * The exact moments, where the budget allows as many classes and exponentials.
 * @param {Memo} memo @param {Steady} base @param {Settings} s @param {Budget} budget
 */
function momentsOf(memo, { source, model }, s, budget) {
  if (model.n > budget.classes) return null;
  const { samples: k, estimator } = s;
  const hits = handlingOf(s);
  const most = budget.exponentials;
  return recall(memo, "moments", [model.x, source, k, estimator, hits, most], () =>
    moments({ x: model.x, t: model.t, logQ: source.logQ, k, estimator, hits }, memo, most),
  );
}

/**
 * Every layer of a view but the draw at hand.
 * @param {Problem} problem @param {Settings} s @param {Constants} constants @param {Budget} budget @param {Memo} memo
 */
export function layers(problem, s, constants, budget, memo) {
  const base = steady(memo, problem, s, constants);
  const run = runOf(memo, base, s, budget, constants);
  const averaged = Math.min(run.draws, s.average === "all" ? s.draws : s.draw);
  const walk = walkTo(memo, run, s.samples, averaged);
  return {
    ...base,
    ...run,
    averaged,
    walk,
    error: distance(walk, run.e),
    exact: momentsOf(memo, base, s, budget),
  };
}
