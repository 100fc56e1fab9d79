/**
 * Motion explains: one step takes 400 ms at 1x. Samples leave the noise bars and land on the score bars, the correction
 * grows, the gradient follows, the curve advances. Pure: a view between two views; the clock is handed in.
 */

export const STEP = 400; // ms of one step at 1x; faster steps only glide

/** When each part of a step happens, as shares of its time. @type {Record<string, [number, number]>} */
const PHASES = { fly: [0, 0.4], grow: [0.35, 0.65], pull: [0.5, 0.85], settle: [0.7, 1] };
const GLIDE = { fly: [0, 0], grow: [0, 1], pull: [0, 1], settle: [0, 1] };

const eased = (t) => (t < 0.5 ? 2 * t * t : 1 - 2 * (1 - t) ** 2);

/** How far a part of a step has come at time t in [0, 1]. */
export function progress(part, t, glide = false) {
  const [from, to] = (glide ? GLIDE : PHASES)[part];
  return to === from ? 1 : eased(Math.max(0, Math.min(1, (t - from) / (to - from))));
}

const mix = (a, b, t) => (a === null || b === null ? b : a + (b - a) * t);

/** A per-slot column of `from` in the order of the slots of `to`; null for a class that had no slot. */
function aligned(from, to, column) {
  const at = new Map(from.classes.index.map((c, i) => [c, i]));
  return to.classes.index.map((c) => (at.has(c) ? column[at.get(c)] : null));
}

/** The view at time t of a step from one view to the next. @param {any} from @param {any} to @param {number} t in [0, 1] @param {boolean} glide */
export function between(from, to, t, glide = false) {
  const landed = progress("fly", t, glide) >= 1,
    pull = progress("pull", t, glide),
    settle = progress("settle", t, glide);
  return {
    ...to,
    draw: drawBetween(from, to, landed ? progress("grow", t, glide) : null, pull),
    convergence: convergenceBetween(from, to, settle),
  };
}

/** `grown`: how far the corrections have grown; null while the samples still fly. */
function drawBetween(from, to, grown, pull) {
  const { draw, classes } = to,
    before = aligned(from, to, from.draw.gradient);
  const gradient = draw.gradient.map((value, i) => mix(before[i] ?? 0, value, pull));
  const none = draw.count.map(() => null);
  if (grown === null) return { ...draw, gradient, count: draw.count.map(() => 0), correction: none, corrected: none };
  const grow = (correction) => (correction === null ? null : correction * grown);
  const corrected = draw.corrected.map((value, i) => (value === null ? null : mix(classes.score[i], value, grown)));
  return { ...draw, gradient, correction: draw.correction.map(grow), corrected };
}

function convergenceBetween(from, to, settle) {
  const a = from.convergence,
    b = to.convergence;
  if (!a || !b) return b;
  const before = aligned(from, to, a.mean);
  const mean = b.mean.map((value, i) => mix(before[i] ?? value, value, settle));
  const moved = (name) => mix(a[name] ?? null, b[name], settle);
  return {
    ...b,
    mean,
    averaged: moved("averaged"),
    error_mean: moved("error_mean"),
    relative_mean: moved("relative_mean"),
  };
}

/**
 * A step under way: `draw` is given the time in [0, 1] at each frame until `done`; `finish` jumps to the end.
 * @param {number} ms @param {(t: number) => void} draw @param {() => void} done
 * @param {{frame: (act: (now: number) => void) => number, cancel: (id: number) => void}} clock
 */
export function run(ms, draw, done, clock) {
  let start = null,
    id = clock.frame(tick);
  function tick(now) {
    start ??= now;
    const t = Math.min(1, (now - start) / ms);
    if (t >= 1) return finish();
    draw(t);
    id = clock.frame(tick);
  }
  function finish() {
    if (id === null) return;
    clock.cancel(id);
    id = null;
    done();
  }
  return { finish };
}
