/**
 * The panels: definitions come from ssm.figures (through the spec), data from a view. The series and ranges below are
 * those of ssm.figures.series and ssm.figures.ranges; a test holds the two against each other.
 */

import { outlines, sketch, unveil } from "./sketch.js";

const AT_ONCE = { frame: { duration: 0, redraw: false }, transition: { duration: 0 }, mode: "immediate" };
const STEPS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12];
const LABEL_ROOM = 12; // px that one slanted label needs

/** Heights for lines of text: from the top down, each at least `room` below the last. */
function spread(heights, room) {
  const placed = heights.slice();
  let last = Infinity;
  for (const i of heights.map((_, k) => k).sort((a, b) => heights[b] - heights[a])) placed[i] = last = Math.min(heights[i], last - room);
  return placed;
}

const times = (count) => (count < 1000 ? `×${count}` : `×${(count / 1000).toFixed(1)}k`);

const where = (keep, values) => values.map((value, i) => (keep[i] ? value : null));

function dashes(values, half) {
  const x = [], y = [];
  values.forEach((value, i) => {
    x.push(i - half, i + half, null);
    y.push(value, value, null);
  });
  return [x, y];
}

/** Whether two trees of plain values are equal. */
function same(a, b) {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => same(a[key], b[key]));
}

const joined = (lists) => lists.flatMap((list) => [...list, null]);

/** Every series that a trace can name. */
export function series(view, names, layout) {
  const { columns: c, numbers: v } = view;
  const isTarget = c.class.map((k) => k === v.target), hit = c.count.map((n) => n > 0);
  const empty = c.class.map(() => null), marks = c.checkpoints;
  const [corrected_x, corrected_y] = dashes(c.corrected, 0.4);
  const [exact_x, exact_y] = dashes(c.gradient_exact ?? empty, 0.4);
  const start = c.class.length - 0.5 + layout.gap, last = c.ranked_rank.at(-1);
  const ends = [marks[0], marks.at(-1)];
  const level = (values) => joined(values.map((value) => [value, value]));
  const reached = c.watched_mean.flat(), top = Math.max(...reached), bottom = Math.min(...reached);
  return {
    ...c,
    guide: marks.map((m) => (v.variance === undefined ? null : Math.sqrt(v.variance / m))),
    slot: c.class.map((_, i) => i),
    names: c.class.map(names),
    score_others: where(isTarget.map((is) => !is), c.score),
    score_target: where(isTarget, c.score),
    score_unsampled: where(hit.map((h, i) => !h && !isTarget[i]), c.score),
    noise_sampled: where(hit, c.noise),
    noise_rest: where(hit.map((h) => !h), c.noise),
    count_text: c.count.map((n) => (n > 1 || (n && c.count.length <= layout.few) ? times(n) : "")),
    corrected_x, corrected_y, exact_x, exact_y,
    ranked_x: c.ranked_rank.map((r) => start + (layout.width * Math.log(r)) / Math.log(last)),
    averaged_x: [v.averaged],
    averaged_y: [v.error_mean],
    floor_x: ends,
    floor_y: v.floor >= layout.nothing ? [v.floor, v.floor] : [null, null],
    watched_x: joined(c.watched_mean.map(() => marks)),
    watched_y: joined(c.watched_mean),
    watched_full_x: joined(c.watched.map(() => ends)),
    watched_full_y: level(c.watched_full),
    watched_exact_y: level(c.watched_exact ?? c.watched.map(() => null)),
    watched_end_x: c.watched.map(() => marks.at(-1)),
    watched_end_y: spread(c.watched_mean.map((line) => line.at(-1)), layout.label_room * (top - bottom)),
    watched_names: c.watched.map(names),
  };
}

/** The next round number that leaves 6 % of room beyond a positive value. */
export function nice(value) {
  if (!(value > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(value));
  return (STEPS.find((step) => step * power >= 1.06 * value) ?? 12) * power;
}

function span(...columns) {
  let low = 0, high = 0;
  for (const column of columns) {
    for (const v of column) {
      if (v === null) continue;
      if (v < low) low = v;
      if (v > high) high = v;
    }
  }
  low = -nice(-low);
  high = nice(high);
  return high > low ? [low, high] : [-1, 1];
}

function logRange(values) {
  const kept = values.filter((v) => v !== null && v > 0).map(Math.log10);
  const low = kept.length ? Math.min(...kept) : -1, high = kept.length ? Math.max(...kept) : 0;
  return [low, high];
}

const padded = ([low, high]) => [low - 0.04 * (high - low), high + 0.04 * (high - low)];

/** Outwards to a quarter of a decade, so that the axis holds still while the curve moves. */
const steadied = ([low, high]) => [Math.floor(4 * low - 0.2) / 4, Math.ceil(4 * high + 0.2) / 4];

/** The x and y range of a panel; both score panels share one, so do both gradient panels. */
export function ranges(name, s, layout) {
  if (name === "convergence") return [padded(logRange(s.checkpoints)), steadied(logRange([...s.errors, ...s.floor_y, ...s.averaged_y]))];
  if (name === "convergence_classes") {
    return [padded(logRange(s.checkpoints)), span(s.watched_full, s.watched_y, s.watched_exact_y)];
  }
  const x = [-0.5, s.slot.length - 0.5 + (s.ranked_x.length ? layout.gap + layout.width + 0.5 : 0)];
  if (name.startsWith("scores")) return [x, span(s.score, s.corrected, s.ranked_score)];
  if (name === "noise") return [x, span(s.noise, s.ranked_noise)];
  return [x, span(s.gradient_full, s.gradient_draw, s.gradient_mean)];
}

/** Round values on a logarithmic axis whose ends are powers of ten: 1, 2, 5 or, where they are many, 1 alone. */
export function logTicks([low, high], most) {
  const powers = [];
  for (let p = Math.floor(low); p <= Math.ceil(high); p++) powers.push(p);
  let inside = powers.flatMap((p) => [1, 2, 5].map((step) => step * 10 ** p));
  inside = inside.filter((v) => low - 1e-9 <= Math.log10(v) && Math.log10(v) <= high + 1e-9);
  if (inside.length > most) {
    const every = Math.ceil((high - low) / most);
    inside = powers.filter((p) => p % every === 0 && low <= p && p <= high).map((p) => 10 ** p);
  }
  return { tickvals: inside, ticktext: inside.map(brief) };
}

const brief = (v) => (v < 1e-3 ? v.toExponential(0).replace("-", "−") : String(Number(v.toPrecision(6))));

const shorten = (text) => shortened(text.replace(/^class (?=\d+$)/, ""));
const shortened = (name) => (name.length > 12 ? `${name.slice(0, 11)}…` : name);
const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** As many slots' names as fit: the target's first, then from the left. */
export function ticks(s, target, width, ink) {
  const slots = s.slot.length, across = slots + (s.ranked_x.length ? 17 : 0);
  const apart = Math.ceil((LABEL_ROOM * across) / Math.max(width, 1));
  const at = s.class.indexOf(target), kept = at < 0 ? [] : [at];
  for (const i of s.slot) if (kept.every((k) => Math.abs(k - i) >= apart)) kept.push(i);
  const text = kept.map((i) => {
    const name = escaped(shorten(s.names[i]));
    return i === at ? `<b style="color:${ink}">${name}</b>` : name;
  });
  if (s.ranked_x.length) {
    kept.push((s.ranked_x[0] + s.ranked_x.at(-1)) / 2);
    text.push("all classes");
  }
  return { tickvals: kept, ticktext: text };
}

/** One panel in the page: keeps its Plotly node, so a zoom survives every update. */
export class Panel {
  constructor(node, plotly) {
    this.node = node;
    this.plotly = plotly;
    this.name = null;
    this.held = { xaxis: false, yaxis: false };
  }

  /** Show a definition of ssm.figures, without data yet; the first `draw` fills it. */
  async define(name, spec, height) {
    this.name = name;
    this.drawn = null;
    this.fills = spec.data.map((trace) => trace.meta.fill);
    this.held = { xaxis: false, yaxis: false };
    const copy = structuredClone(spec);
    copy.layout.height = height;
    if (this.touch) copy.layout.dragmode = false;
    const config = { displayModeBar: false, responsive: false, doubleClick: "reset+autosize", scrollZoom: false };
    await this.plotly.newPlot(this.node, copy.data, copy.layout, config);
    this.node.removeAllListeners?.("plotly_relayout");
    this.node.on("plotly_relayout", (change) => this.#holdZoom(change));
  }

  #holdZoom(change) {
    for (const axis of ["xaxis", "yaxis"]) {
      if (`${axis}.range[0]` in change) this.held[axis] = true;
      if (`${axis}.autorange` in change) this.held[axis] = false;
    }
    if (Object.keys(change).some((key) => key.endsWith("autorange"))) this.onreset?.();
  }

  get plotWidth() {
    return this.node._fullLayout?._size?.w ?? 300;
  }

  /** Bring the panel up to date; what did not change is not touched, which is most of it in most frames. */
  draw(all, layout, tick) {
    const data = this.fills.map((fill) => Object.fromEntries(Object.entries(fill).map(([to, from]) => [to, all[from]])));
    const [x, y] = ranges(this.name, all, layout);
    const change = { xaxis: { ...(tick ?? {}) }, yaxis: {} };
    if (!this.held.xaxis) change.xaxis.range = x;
    if (!this.held.yaxis) change.yaxis.range = this.#steady(y, layout.growOnly);
    if (this.name === "convergence") Object.assign(change.yaxis, logTicks(change.yaxis.range ?? this.node._fullLayout.yaxis.range, layout.most_ticks));
    const held = same(data, this.drawn?.data), still = same(change, this.drawn?.change);
    this.drawn = { data, change };
    if (held && still && !this.sketched) return null;
    if (layout.dragging && still && sketch(this.node, data)) {
      this.sketched = true;
      return null;
    }
    if (this.sketched) unveil(this.node);
    this.sketched = false;
    // All traces or none: Plotly takes a trace that is left out for one that is gone.
    const frame = { data, traces: data.map((_, i) => i), layout: still ? {} : change };
    return this.plotly.animate(this.node, frame, AT_ONCE).then(() => outlines(this.node));
  }

  /** While something moves, a range may grow and not shrink, so that the picture holds still. */
  #steady(range, growOnly) {
    if (growOnly && this.range) range = [Math.min(this.range[0], range[0]), Math.max(this.range[1], range[1])];
    this.range = range;
    return range;
  }

  resize(width, height) {
    return this.plotly.relayout(this.node, { width, height });
  }

  /** Pixel positions inside the node. */
  toX = (slot) => this.node._fullLayout.xaxis.l2p(slot) + this.node._fullLayout._size.l;
  toY = (value) => this.node._fullLayout.yaxis.l2p(value) + this.node._fullLayout._size.t;
  fromX = (px) => this.node._fullLayout.xaxis.p2l(px - this.node._fullLayout._size.l);
  fromY = (px) => this.node._fullLayout.yaxis.p2l(px - this.node._fullLayout._size.t);
  get box() {
    const { l, t, w, h } = this.node._fullLayout._size;
    return { left: l, top: t, width: w, height: h };
  }
}
