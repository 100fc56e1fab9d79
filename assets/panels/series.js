/**
 * Every series that a trace can name, and every number that a text can, made of a view; pure. The series are those of
 * ssm.explorer.figures.series; a test holds the two against each other.
 */

import { comparedNumbers, ofEstimators, ofLearned } from "./compared.js";
import { costNumbers, costSeries } from "./cost_series.js";
import { ofClasses as biasOfClasses, curveNumbers, curveSeries } from "./curve_series.js";
import { masses } from "./masses.js";
import { singles } from "./single.js";
import { stepNumbers } from "./step_series.js";
import { trainingNumbers, trainingSeries } from "./training_series.js";

export const FEW = 12; // bars that leave room for a count on each
const MOST_BLOCKS = 24; // samples of one class that are drawn one by one

/** @typedef {Object<string, any[]>} Series */

const where = (keep, values) => values.map((value, i) => (keep[i] ? value : null));

/** A short level line per slot. */
function dashes(values, half) {
  const at = [];
  const level = [];
  for (let i = 0; i < values.length; i++) {
    at.push(i - half, i + half, null);
    level.push(values[i], values[i], null);
  }
  return [at, level];
}

/** Lines end to end, null between them. */
const joined = (lines) => lines.flatMap((line) => [...line, null]);

/** How often, short enough for a bar: ×3, ×1.0k. */
export const times = (count) => (count < 1000 ? `×${count}` : `×${(count / 1000).toFixed(1)}k`);

/** Everything that the panels draw, by name. */
export function series(view, names, settings = {}) {
  const slots = view.classes.index.length;
  const target = view.classes.index.map((c) => c === view.classes.target);
  return {
    slot: view.classes.index.map((_, i) => i),
    class: view.classes.index,
    names: view.classes.index.map(names),
    hidden: view.classes.hidden,
    target,
    ...ofClasses(view, target),
    ...ofDraw(view, target, slots),
    ...ofConvergence(view, slots),
    ...ofWatched(view, names),
    ...ofRanks(view, names),
    ...curveSeries(view, settings),
    ...ofEstimators(view),
    ...ofLearned(view),
    ...masses(view, names),
    ...trainingSeries(view),
    ...costSeries(view),
  };
}

function ofClasses({ classes }, target) {
  const others = target.map((is) => !is);
  const weight = classes.score.map((x) => Math.exp(x - classes.score_target));
  return {
    score: classes.score,
    score_others: where(others, classes.score),
    score_target: where(target, classes.score),
    weight,
    weight_others: where(others, weight),
    weight_target: where(target, weight),
    noise: classes.noise,
    gradient_full: classes.full,
  };
}

function ofDraw({ classes, draw }, target, slots) {
  const count = draw?.count ?? new Array(slots).fill(0);
  const none = new Array(slots).fill(null);
  const corrected = draw?.corrected ?? none;
  const thrown = (draw?.hit_count ?? 0) > 0; // else a sample that is the target counts as any other
  const hit = count.map((n, i) => n > 0 && target[i] && thrown);
  const sampled = count.map((n, i) => n > 0 && !hit[i]);
  const others = count.map((n, i) => n > 0 && !target[i]);
  const missed = count.map((n, i) => n === 0 && !target[i]);
  const weight = classes.score.map((x) => Math.exp(x - classes.score_target));
  const [corrected_at, level] = dashes(corrected, 0.4);
  const terms = termsOf(draw, count, target);
  const unmoved = (tip, i) => tip === null || tip === classes.score[i];
  return {
    count,
    count_text: count.map((n, i) => countText(n, hit[i], slots)),
    noise_rest: where(
      count.map((n) => n === 0),
      classes.noise,
    ),
    noise_sampled: where(sampled, classes.noise),
    noise_hit: where(hit, classes.noise),
    score_unsampled: where(missed, classes.score),
    score_sampled: where(others, classes.score),
    weight_unsampled: where(missed, weight),
    weight_sampled: where(others, weight),
    correction: draw?.correction ?? none,
    corrected_scores: corrected,
    corrected_at,
    corrected: level,
    factor_at: corrected.map((tip, i) => (unmoved(tip, i) ? null : beyond(classes.score[i], tip))),
    weight_factor_at: corrected.map((tip, i) =>
      unmoved(tip, i) ? null : Math.max(weight[i], terms[i] * Math.exp(tip - classes.score_target)),
    ),
    gradient_draw: draw?.gradient ?? none,
    ...blocks(corrected, terms, classes.score_target),
  };
}

/** How many terms of the loss each slot's corrected score has: its samples that count, and the target's own. */
function termsOf(draw, count, target) {
  const own = Number(Boolean(draw?.target_correction));
  const counted = Number((draw?.hit_count ?? 0) === 0);
  return count.map((n, i) => (target[i] ? n * counted + own : n));
}

/** Where a bar and the arrow at its end leave room: under both where the arrow points down below 0, else over both. */
const beyond = (score, tip) => (tip < Math.min(0, score) ? tip : Math.max(0, score, tip));

function countText(count, isHit, slots) {
  if (isHit) return count === 1 ? "hit" : slots <= FEW ? `hit ${times(count)}` : times(count);
  return count > 1 || (count && slots <= FEW) ? times(count) : "";
}

/** A block for each sample of a class, one upon the other; of very many, one for all. */
function blocks(corrected, count, scoreTarget) {
  const found = { block_at: [], block_base: [], block: [] };
  corrected.forEach((score, i) => {
    if (score === null) return;
    const parts = count[i] <= MOST_BLOCKS ? count[i] : 1;
    const size = (Math.exp(score - scoreTarget) * count[i]) / parts;
    for (let j = 0; j < parts; j++) {
      found.block_at.push(i);
      found.block_base.push(j * size);
      found.block.push(size);
    }
  });
  return found;
}

function ofConvergence({ convergence: run, moments }, slots) {
  const none = new Array(slots).fill(null);
  const [expected_at, expected] = dashes(moments?.mean ?? none, 0.45);
  const marks = run?.checkpoints ?? [];
  const ends = marks.length ? [marks[0], marks.at(-1)] : [];
  const known = moments !== null && moments !== undefined;
  const { bias, variance_total: spread } = moments ?? {};
  return {
    gradient_mean: run?.mean ?? none,
    expected_at,
    expected,
    checkpoints: marks,
    errors: run?.errors ?? [],
    ...others(run),
    typical: marks.map((m) => (known ? Math.sqrt(bias * bias + spread / m) : null)),
    ends,
    bias: ends.map(() => (biased(moments) ? bias : null)),
    averaged_at: run ? [run.averaged] : [],
    averaged: run ? [run.error_mean] : [],
  };
}

export const NOTHING = 1e-9; // of the full gradient: a distance below this is none
const ROUNDING = 1e-15; // of numbers near 1

/** How far one draw is off in the root mean square, in parts of the full gradient; null where no number says so. */
const typical = (moments, norm) =>
  moments && norm ? Math.sqrt(moments.bias ** 2 + moments.variance_total) / norm : null;

/** Whether the exact mean is off the full gradient by more than rounding, beside which a tiny gradient is large. */
function biased(moments) {
  if (!moments) return null;
  const { bias, relative_bias: share } = moments;
  return Number(bias > ROUNDING && (share === null || share >= NOTHING));
}

const flattened = new WeakMap();

/** The other seeds' lines end to end; they stay the same while the player steps. */
function others(run) {
  if (!run?.others.length) return { others_at: [], others: [] };
  if (!flattened.has(run.others)) {
    const made = { others_at: joined(run.others.map(() => run.checkpoints)), others: joined(run.others) };
    flattened.set(run.others, made);
  }
  return flattened.get(run.others);
}

function ofWatched({ convergence: run, moments }, names) {
  const watched = run?.watched ?? [];
  const marks = run?.checkpoints ?? [];
  const ends = [marks[0], marks.at(-1)];
  const level = (values) => joined(watched.map((_, i) => [values?.[i] ?? null, values?.[i] ?? null]));
  const found = {
    watched_at: joined(watched.map(() => ends)),
    watched_full: level(run?.watched_full),
    watched_expected: level(moments?.watched_exact),
    watched_class: watched,
    watched_names: watched.map(names),
  };
  for (let i = 0; i < WATCHED; i++) found[`watched_${i}`] = run?.watched_mean[i] ?? marks.map(() => null);
  return found;
}

const WATCHED = 5;
const FULL_PULL = 0; // rows of the balance, from the top
const FULL_PUSH = 1;
const DRAWN_PUSH = 2;

function ofRanks({ classes, draw, ranked }, names) {
  const mass = ranked?.mass ?? [];
  const pushes = draw?.block_gradient ?? [];
  const rest = ranked && draw?.block_rest > 0 ? [draw.block_rest] : [];
  const total = pushes.reduce((sum, g) => sum + g, 0);
  return {
    ranked_at: ranked?.rank ?? [],
    ranked: ranked?.full ?? [],
    dot_at: draw?.dot_rank ?? [],
    dot: draw?.dot_gradient ?? [],
    share_at: ranked ? [FULL_PULL, ...mass.map(() => FULL_PUSH)] : [],
    share_base: ranked ? [0, ...stacked(mass)] : [],
    share: ranked ? [-classes.spike, ...mass] : [],
    drawn_at: ranked ? pushes.map(() => DRAWN_PUSH) : [],
    drawn_base: ranked ? stacked(pushes) : [],
    drawn: ranked ? pushes : [],
    drawn_names: (draw?.block_class ?? []).map(names),
    rest_at: rest.map(() => DRAWN_PUSH),
    rest_base: rest.map(() => total),
    rest,
  };
}

/** Where each of a stack of values begins. */
function stacked(values) {
  const bases = [0];
  for (const value of values) bases.push(bases.at(-1) + value);
  return bases.slice(0, -1);
}

// ---------------------------------------------------------------- numbers

const isScalar = (value) => value !== null && typeof value !== "object" && typeof value !== "function";

/**
 * Every number that a text can name, flat: the settings' words, then all scalars of the view, then what follows.
 * @param {any} view @param {any} settings @param {(c: number) => string} names
 */
export function numbers(view, settings = {}, names = String) {
  const flat = {};
  const { classes, draw, convergence, moments, learned, steps } = view;
  for (const group of [settings, classes, draw, convergence, moments, learned, steps]) {
    for (const [key, value] of Object.entries(group ?? {})) if (isScalar(value)) flat[key] = value;
  }
  Object.assign(flat, stepNumbers(view.steps, flat));
  const touched = flat.touched ?? 0;
  flat.biased = biased(view.moments);
  flat.relative_typical = typical(view.moments, flat.norm_full);
  flat.others = flat.n - 1;
  flat.touched_others = Math.max(0, touched - 1);
  flat.pull = -flat.spike;
  flat.pull_draw = view.draw ? view.draw.block_gradient.reduce((sum, g) => sum + g, view.draw.block_rest ?? 0) : null;
  flat.target_name = names(flat.target);
  (view.ranked?.mass ?? []).forEach((mass, i) => (flat[`mass_${i}`] = mass));
  Object.assign(flat, curveNumbers(view, settings));
  Object.assign(flat, singles(view, names));
  flat.watched_count = view.convergence?.watched.length ?? 0;
  (view.convergence?.watched ?? []).forEach((c, i) => (flat[`watched_name_${i}`] = names(c)));
  return Object.assign(flat, comparedNumbers(view, settings), trainingNumbers(view), costNumbers(view));
}

/** What the reading of one class can name. */
export function reading(view, slot, names) {
  const { classes, draw, convergence, moments } = view;
  const correction = draw?.correction?.[slot] ?? null;
  const expected = moments?.mean[slot] ?? null;
  const bias = biasOfClasses(view);
  return {
    name: names(classes.index[slot]),
    is_target: Number(slot === classes.target_slot),
    score: classes.score[slot],
    weight: Math.exp(classes.score[slot] - classes.score_target),
    probability: classes.probability[slot],
    noise: classes.noise[slot],
    full: classes.full[slot],
    count: draw?.count[slot] ?? 0,
    correction,
    factor: correction === null ? null : Math.exp(correction),
    corrected: draw?.corrected?.[slot] ?? null,
    gradient: draw?.gradient[slot] ?? null,
    mean: convergence?.mean[slot] ?? null,
    expected,
    has_expected: Number(expected !== null),
    variance: moments?.variance[slot] ?? null,
    ideal: bias.ideal[slot],
    class_bias: bias.class_bias[slot],
  };
}
