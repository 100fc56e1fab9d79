/** What each axis spans, and where its ticks stand; pure. The rules are those of ssm.explorer.figures.axes. */

import { ESTIMATORS } from "./compared.js";
import { ROOM, SPAN, WAYS } from "./cost_series.js";
import { curveNames, NOISES } from "./curve_series.js";
import { ARMS, PERPLEXITIES } from "./training_series.js";

const STEPS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12];
const LEAST_BIAS = 0.05; // of the spike: a bias of classes that is less is drawn small
const MOST_DECADES = 9; // of pushes by rank: what is smaller still lies on the ground
const GAP = 1.6; // slots that stand for the classes without a bar

/** The next round number that leaves 6 % of room beyond a positive value. */
export function nice(value) {
  if (!(value > 0) || value === Infinity) return 0;
  const power = 10 ** Math.floor(Math.log10(value));
  return (STEPS.find((step) => step * power >= 1.06 * value) ?? 12) * power;
}

/** The smallest and the largest of many lists, 0 among them. */
function extremes(lists) {
  let low = 0;
  let high = 0;
  for (const list of lists) {
    for (const value of list) {
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return [low, high];
}

function span(...lists) {
  const [low, high] = extremes(lists);
  const ends = [-nice(-low), nice(high)];
  return ends[1] > ends[0] ? ends : [-1, 1];
}

/** Decimal logarithms of the smallest and the largest positive value. @returns {[number, number]} */
function logSpan(...lists) {
  let low = Infinity;
  let high = 0;
  for (const list of lists) {
    for (const value of list) {
      if (!(value > 0) || value === Infinity) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return high > 0 ? [Math.log10(low), Math.log10(high)] : [-1, 0];
}

/** Outwards to a quarter of a decade, so that the axis holds still while the curve moves. @param {number[]} span */
const steadied = ([low, high]) => [Math.floor(4 * low - 0.2) / 4, Math.ceil(4 * high + 0.2) / 4];

const padded = ([low, high]) => [low - 0.03 * (high - low || 1), high + 0.03 * (high - low || 1)];

/** What the range of a score's axis does not depend on: which draw is shown, and how. */
const PASSING = ["draw", "average", "view", "scale", "device", "tolerance", "batch", "dim"];

function subject(settings) {
  const kept = Object.entries(settings).filter(([name]) => !PASSING.includes(name));
  return JSON.stringify(kept);
}

/**
 * The range of every scale and of everything along which marks lie; logarithmic ones in decimal logarithms.
 * @param {any} view @param {any} s the view's series @param {any} settings
 * @param {any} held the axes shown now: they may grow, and shrink only with a new subject
 * @param {boolean} down a hand is down: nothing shrinks under it
 */
export function axes(view, s, settings = {}, held = null, down = false) {
  const found = { of: subject(settings), values: valueRanges(view, s), along: alongRanges(view, s) };
  const holds = held && (down || held.of === found.of);
  return holds ? { ...found, values: grown(found.values, held.values) } : found;
}

function grown(values, before) {
  const union = (a, b) => [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
  return Object.fromEntries(Object.entries(values).map(([name, range]) => [name, union(range, before[name] ?? range)]));
}

function valueRanges(view, s) {
  const extent = view.convergence?.extent ?? {};
  const { ranked } = view;
  const pushes = logSpan(s.ranked, s.dot, [extent.gradient_high ?? null]);
  return {
    noise: span(s.noise, ranked?.noise.slice(0, 1) ?? []),
    score: span(s.score, s.corrected_scores, ends(ranked?.score), [extent.corrected_low, extent.corrected_high]),
    weight: span(s.weight, tops(s), [extent.weight_high]),
    gradient: span(s.gradient_full, s.gradient_draw, [extent.gradient_low, extent.gradient_high]),
    watched: span(s.watched_full, s.watched_expected, watchedValues(s)),
    each: span(
      s.gradient_full,
      ...ESTIMATORS.flatMap((name) => [s[`one_${name}`], s[`average_${name}`], s[`expected_${name}`]]),
    ),
    probability: span(s.truth, ...ESTIMATORS.map((name) => s[`model_${name}`])),
    divergence: steadied(logSpan(...ESTIMATORS.map((name) => s[`apart_${name}`]), s.now)),
    distance: steadied(logSpan(s.errors, s.others, s.bias, s.averaged, s.typical)),
    rank: steadied([Math.max(pushes[0], pushes[1] - MOST_DECADES), pushes[1]]),
    mass: span(
      s.pull_mass,
      s.push_mass.map((value, i) => value + s.push_base[i]),
    ),
    share: span(
      s.share,
      s.drawn.map((value, i) => value + s.drawn_base[i]),
      [-(extent.gradient_low ?? 0)],
    ),
    sampler: span(s.noise, s.ideal),
    class_bias: span(s.class_bias, [LEAST_BIAS * view.classes.spike, -LEAST_BIAS * view.classes.spike]),
    ...curveRanges(s),
    ...trainingRanges(s),
    ...costRanges(s),
  };
}

/** Ranges over the number of samples; where the tolerance is an end the axis leaves no room, or a drag would grow it. */
function curveRanges(s) {
  const of = (...names) => steadied(logSpan(...names.flatMap(curveNames).map((name) => s[name])));
  const limits = s.tolerance.map(Math.log10);
  const [low, high] = of("bias");
  return { bias: [Math.min(low, ...limits), Math.max(high, ...limits)], error: of("spread", "error"), gap: of("gap") };
}

function trainingRanges(s) {
  const of = (...names) => names.flatMap((name) => ARMS.map((arm) => s[`${name}_${arm}`]));
  return {
    perplexity: steadied(logSpan(...of("perplexity"), s.frequencies_over_steps, PERPLEXITIES)),
    trained_loss: span(...of("trained_loss", "held_out_loss")),
    trained_bias: steadied(logSpan(...of("trained_bias"))),
  };
}

function costRanges(s) {
  const of = (name, room) => steadied(logSpan(...WAYS.map((way) => s[`${name}_${way}`]), room));
  return Object.fromEntries(Object.entries(ROOM).map(([name, room]) => [name, of(name, room)]));
}

const ends = (list) => (list?.length ? [list[0], list.at(-1)] : []);
const tops = (s) => s.block.map((value, i) => value + s.block_base[i]);
const watchedValues = (s) => [0, 1, 2, 3, 4].flatMap((i) => s[`watched_${i}`]);

function alongRanges(view, s) {
  const last = s.slot.length - 0.5 + (s.hidden ? GAP : 0);
  return {
    classes: [-0.5, last],
    draws: padded(logSpan(s.checkpoints)),
    samples: padded(logSpan(s.curve_k, s.learned_at, s.now_at)),
    ranks: padded([0, Math.log10(Math.max(2, view.classes.n - 1))]),
    steps: padded(logSpan(s.frequencies_steps)),
    seconds: padded(logSpan(s.frequencies_seconds)),
    sizes: padded(logSpan(SPAN)),
    prices: padded(logSpan(...NOISES.map((i) => s[`price_${i}`]), s.whole_bias_at)),
    shares: [-0.4, 2.9],
    masses: [-0.4, 1.9],
  };
}

// ---------------------------------------------------------------- ticks

const WHOLE = [1, 2, 5, 10];

/** Round values on a linear axis, at least `apart` px from one another: [value, text] pairs. */
export function linearTicks([low, high], pixels, apart) {
  const least = ((high - low) * apart) / Math.max(pixels, 1);
  const power = 10 ** Math.floor(Math.log10(least));
  const step = WHOLE.find((whole) => whole * power >= least * (1 - 1e-9)) * power;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first;
  if (count < 1) return linearTicks([low, high], pixels, apart / 2); // one tick alone tells no scale
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const large = Math.max(Math.abs(low), Math.abs(high));
  return Array.from({ length: count + 1 }, (_, i) => {
    const value = (first + i) * step;
    return [value, tickText(value, decimals, large)];
  });
}

function tickText(value, decimals, large) {
  if (value === 0) return "0";
  const text =
    large >= 1e5 || decimals > 3
      ? value.toExponential(1).replace(".0e", "e").replace("e+", "e")
      : value.toFixed(decimals);
  return text.replaceAll("-", "−");
}

/** Round values on a logarithmic axis: 1, 2, 5 in each decade or, where they are many, powers of ten alone. */
export function logTicks([low, high], pixels, apart) {
  const most = Math.max(2, Math.floor(pixels / apart));
  const powers = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, i) => Math.floor(low) + i);
  const inside = powers
    .flatMap((p) => [1, 2, 5].map((step) => [p, step * 10 ** p]))
    .filter(([, v]) => within(v, low, high));
  if (inside.length <= most) return inside.map(([, v]) => [v, logText(v)]);
  const every = Math.ceil((high - low) / most);
  return powers
    .filter((p) => p % every === 0 && p >= low - 1e-9 && p <= high + 1e-9)
    .map((p) => [10 ** p, logText(10 ** p)]);
}

const within = (value, low, high) => low - 1e-9 <= Math.log10(value) && Math.log10(value) <= high + 1e-9;

function logText(value) {
  if (value < 1e-3 || value >= 1e6) return value.toExponential(0).replace("e+", "e").replace("-", "−");
  return Number(value.toPrecision(6))
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, value >= 1000 ? "," : "");
}
