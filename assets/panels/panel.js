/**
 * One panel in the page. Plotly drew the marks and draws them again at rest; between, they are moved. Grid, ticks,
 * names, counts, arrows and notes are the page's own, so that none can be left over from another picture.
 */

import { Labels, measure, Shapes } from "./layers.js";
import { ends, LETTERING } from "./lettering.js";
import { Marks } from "./marks.js";
import { names } from "./names.js";
import { notes } from "./notes.js";
import { plane, rectangle } from "./plane.js";
import { numbers } from "./series.js";
import { ground, ticks } from "./ticks.js";

/**
 * @typedef {{view: any, series: any, axes: any, names: (c: number) => string, lit: number, labels: boolean,
 *   notes?: boolean}} Frame what `draw` shows
 */

const ROOM = { value: 46, edge: 10, unit: 22, counts: 12, factors: 12, names: 76, ticks: 34, foot: 8 }; // px around the box
const COLUMN = { least: 48, most: 116, share: 0.44 }; // px and share of the width, of names beside a turned panel
const ROWS = { from: 440, width: 232 }; // px of a panel from which its rows are named beside it, and of their names
const LINE_NAME = 84; // px for the name of a class at the end of its line
const CROWDED = 20; // slots from which counts may have to climb

/** The name of the panel that stands in for another while the settings are such. */
export function shownAs(specs, name, settings) {
  const variants = Object.values(specs).filter(({ variant }) => variant?.of === name);
  return variants.find(({ variant }) => settings[variant.setting] === variant.value)?.name ?? name;
}

export class Panel {
  constructor(name, plotly) {
    this.name = name;
    this.node = document.createElement("div");
    this.node.className = "ssm-plot";
    this.node.setAttribute("role", "img");
    this.plotted = document.createElement("div");
    this.plotted.className = "ssm-plotted";
    this.under = new Shapes();
    this.over = new Shapes();
    this.labels = new Labels();
    this.node.append(this.under.node, this.plotted, this.over.node, this.labels.node);
    this.marks = new Marks(this.plotted, plotly);
    this.size = { width: 300, height: 200 };
    this.box = null;
    this.frame = null;
  }

  /** Show a definition of ssm.explorer.figures; the first `draw` fills it. */
  async define(spec, orientation) {
    this.spec = spec;
    this.turned = spec.turned === "always" || (spec.turned === "narrow" && orientation === "h");
    this.family = getComputedStyle(this.node).fontFamily;
    this.box = this.#box(true, 0);
    await this.marks.define(spec, this.turned, this.box);
    if (this.frame) this.draw(this.frame);
  }

  resize(width, height) {
    this.size = { width, height };
    if (this.frame) this.draw(this.frame);
  }

  /** The box of the marks inside the node, by what stands around it. */
  #box(named, slots) {
    const { width, height } = this.size;
    const room = this.turned ? this.#roomTurned(named) : this.#roomAcross(named, slots);
    const box = {
      left: room.left,
      top: room.top,
      width: width - room.left - room.right,
      height: height - room.top - room.bottom,
    };
    return { ...box, width: Math.max(20, Math.round(box.width)), height: Math.max(20, Math.round(box.height)) };
  }

  #roomAcross(named, slots) {
    const { spec } = this;
    const climbing = slots > CROWDED ? 2 * ROOM.counts : 0;
    const over = { counts: ROOM.counts + climbing, factors: ROOM.factors };
    const top = ROOM.unit + Math.max(0, ...spec.lettering.map(([what]) => over[what] ?? 0));
    const bottom = spec.along === "classes" ? (named ? ROOM.names : ROOM.foot) : ROOM.ticks;
    return { left: ROOM.value, top, right: this.#endRoom(), bottom };
  }

  #roomTurned(named) {
    const { spec } = this;
    const column = Math.round(Math.min(COLUMN.most, Math.max(COLUMN.least, COLUMN.share * this.size.width)));
    const left = spec.along === "classes" ? (named ? column : ROOM.edge) : this.#rowsBeside ? ROWS.width : ROOM.edge;
    const right = spec.lettering.some(([what]) => what === "counts" || what === "factors") ? 40 : ROOM.edge;
    const over = spec.along_axis === "rows" && !this.#rowsBeside;
    return { left, top: over ? ROOM.unit : 6, right, bottom: ROOM.ticks };
  }

  /** Whether there is room for the names of rows beside them. */
  get #rowsBeside() {
    return this.spec.along_axis === "rows" && this.size.width >= ROWS.from;
  }

  #endRoom() {
    const said = this.spec.ends.flatMap(({ text }) => text.map((one) => one.say));
    const wide = said.map((text) => (text.includes("{") ? LINE_NAME : this.#width(text) + 12));
    return Math.max(ROOM.edge, ...wide);
  }

  #width(text, bold = false) {
    return measure(text, this.family, bold);
  }

  /** Show a frame: cheap enough for every animation frame. @param {Frame} frame */
  draw(frame) {
    this.frame = frame;
    const look = this.#look(frame);
    this.marks.resize(this.box);
    this.marks.move(this.#columns(frame.series), look.on);
    this.#letter(look);
  }

  #look(frame) {
    const { spec } = this;
    this.box = this.#box(frame.labels, frame.series.slot.length);
    const { left, top, width, height } = this.box;
    this.plotted.style.cssText = `left:${left}px;top:${top}px;width:${width}px;height:${height}px`;
    this.ranges = { along: frame.axes.along[spec.along], value: frame.axes.values[spec.scale] };
    this.on = plane(spec, this.ranges, this.box, this.turned);
    const words = numbers(frame.view, frame.settings, frame.names);
    const look = { spec, frame, words, s: frame.series, on: this.on, box: this.box, size: this.size };
    look.width = (text, bold) => this.#width(text, bold);
    look.obstacles = () => this.#obstacles(frame.series);
    return look;
  }

  #columns(s) {
    return this.spec.traces.map(({ meta: { fill } }) => ({
      along: s[fill.along],
      value: s[fill.value],
      base: fill.base && s[fill.base],
    }));
  }

  #letter(look) {
    const { spec, s, frame } = look;
    const labels = [...ticks(look), ...ends(look)];
    const shapes = [];
    if (spec.along === "classes" && frame.labels) labels.push(...names(look));
    const add = (made) => {
      labels.push(...made.labels);
      shapes.push(...made.shapes);
    };
    look.taken = labels.filter(({ angle }) => !angle);
    for (const [what, where] of spec.lettering) add(LETTERING[what](look, s[where], where));
    if (frame.notes) add(notes(look, [...labels, ...look.obstacles()]));
    this.under.show(ground(look));
    this.over.show(shapes);
    this.labels.show(labels);
  }

  /** The bars and arrows as rectangles in px of the node: what notes and factors keep clear of. */
  #obstacles(s) {
    const { on, box, spec } = this;
    const place = (at, half, low, high) => {
      const { x, y, w, h } = rectangle(on, [at - half, at + half], [low, high]);
      return { x: x + box.left, y: y + box.top, w, h };
    };
    const columns = this.#columns(s);
    const bars = spec.traces.flatMap((trace, t) => {
      const { along, value, base } = columns[t];
      if (trace.type !== "bar") return [];
      return value.flatMap((v, i) =>
        v ? [place(along[i], trace.width / 2, base?.[i] ?? 0, (base?.[i] ?? 0) + v)] : [],
      );
    });
    if (!spec.lettering.some(([what]) => what === "arrows")) return bars;
    return [...bars, ...s.corrected_scores.flatMap((tip, i) => (tip === null ? [] : [place(i, 0.4, s.score[i], tip)]))];
  }

  /** Plotly's own drawing of what is shown, when there is time for it. */
  async sync() {
    const { frame } = this;
    if (!frame) return;
    await this.marks.settle(this.ranges);
    if (this.frame !== frame) this.draw(this.frame);
  }

  // ---------------------------------------------------------------- where things are, in px of the node

  at(slot, value) {
    const [x, y] = this.on.point(slot, value);
    return { x: this.box.left + x, y: this.box.top + y };
  }

  valueAt(x, y) {
    return this.on.value.back(this.turned ? x - this.box.left : y - this.box.top);
  }

  /** The slot whose row or column holds a point; -1 outside the box. */
  slotAt(x, y) {
    const { left, top, width, height } = this.box;
    const [px, py] = [x - left, y - top];
    if (px < 0 || py < 0 || px > width || py > height || !this.frame) return -1;
    const slot = Math.round(this.on.along.back(this.turned ? py : px));
    return slot >= 0 && slot < this.frame.series.slot.length ? slot : -1;
  }
}
