/**
 * The scene: six panels, the light that follows one class through all of them, their handles, size and theme. It draws
 * what it is given and tells what the hand did; what is chosen and computed is the stage's.
 */

import { el } from "./controls.js";
import { Panel, series, ticks } from "./figure.js";
import { Handles } from "./handles.js";
import { grouped, number, plain } from "./words.js";

const PANELS = ["scores_full", "scores_sampled", "noise", "gradient_full", "gradient_sampled", "convergence"];
const READ = { scores_full: "score", scores_sampled: "corrected", noise: "noise", gradient_full: "gradient_full", gradient_sampled: "gradient_draw" };
const CLICK = 4; // px between press and click; more is a zoom
const LEAST_PROBABILITY = 1e-4, MOST_PROBABILITY = 0.95; // that a bar of custom noise can be dragged to

const pairsWith = (list, c, value) => [...list.filter(([k]) => k !== c), [c, value]].sort((a, b) => a[0] - b[0]);

const set = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

export class Scene {
  /**
   * @param {object} spec the stage's document @param {HTMLElement} host @param {HTMLElement} viewSwitch
   * @param {{settings: () => object, names: (c: number) => string, change: (patch, live) => void,
   *   dragging: () => boolean, repaint: () => void}} act
   */
  constructor(spec, host, viewSwitch, act) {
    Object.assign(this, { spec, host, act });
    this.lit = -1;
    this.view = null;
    this.embedded = host.classList.contains("ssm-embedded");
    this.panels = Object.fromEntries(PANELS.map((name) => [name, this.#panel(name)]));
    this.panels.convergence.head.append(viewSwitch);
    this.node = el("div", { class: "ssm-panels" }, ...PANELS.map((name) => this.panels[name].figure));
  }

  #panel(name) {
    const title = el("h3", {}), caption = el("figcaption", {}), plot = el("div", { class: "ssm-plot", role: "img" });
    const light = el("div", { class: "ssm-light", hidden: true });
    const holder = el("div", { class: "ssm-holder" }, plot, light), head = el("div", { class: "ssm-panel-head" }, title);
    const figure = el("figure", { class: "ssm-panel", "data-panel": name }, head, holder, caption);
    const panel = new Panel(plot, window.Plotly);
    panel.touch = matchMedia("(pointer: coarse)").matches;
    panel.onreset = () => this.act.repaint();
    const made = { name, figure, head, title, caption, plot, light, panel, holder };
    if (name !== "convergence") this.#listen(made);
    if (name === "scores_full" || name === "noise") {
      made.handles = new Handles(panel, name === "noise" ? this.#weightGrip() : this.#scoreGrip());
      holder.append(made.handles.node);
    }
    return made;
  }

  // -------------------------------------------------------------- handles: bars that can be dragged

  #grip(what, column, limit, rest) {
    const classAt = (i) => this.view.columns.class[i];
    return {
      what,
      light: (i) => this.light(i < 0 ? -1 : classAt(i)),
      choose: (i) => this.#choose(classAt(i)),
      read: (i) => ({ value: this.view.columns[column][i] ?? 0, low: limit.low, high: limit.high, name: this.act.names(classAt(i)) }),
      ...rest(classAt),
    };
  }

  #scoreGrip() {
    return this.#grip("score of", "score", this.spec.fields.edits, (classAt) => ({
      room: (value) => Math.round(value * 100) / 100,
      step: (value, direction, large) => value + direction * (large ? 1 : 0.1),
      write: (i, value, live) => this.act.change({ edits: pairsWith(this.act.settings().edits, classAt(i), value) }, live),
    }));
  }

  #weightGrip() {
    const limit = { low: LEAST_PROBABILITY, high: MOST_PROBABILITY };
    return this.#grip("noise probability of", "noise", limit, (classAt) => ({
      room: (value) => value,
      step: (value, direction, large) => value * (large ? 2 : 1.1) ** direction,
      write: (i, value, live) => this.#weigh(classAt(i), value, live),
    }));
  }

  /** Custom noise: give the class the weight that makes its probability the height it was dragged to. */
  #weigh(c, probability, live) {
    const s = this.act.settings(), { low, high } = this.spec.fields.weights, given = new Map(s.weights);
    const weightOf = (k) => given.get(k) ?? 1;
    let others = this.view.numbers.classes - given.size - weightOf(c);
    for (const w of given.values()) others += w;
    if (s.hits === "excluded" && c !== s.target) others -= weightOf(s.target);
    const weight = Number(((others * probability) / (1 - probability)).toPrecision(4));
    this.act.change({ weights: pairsWith(s.weights, c, Math.min(high, Math.max(low, weight))) }, live);
  }

  #choose(target) {
    if (target !== this.act.settings().target) this.act.change({ target });
  }

  // -------------------------------------------------------------- light: one class, everywhere

  #listen(made) {
    let pressed = null;
    made.holder.addEventListener("pointerdown", (event) => (pressed = event), true);
    made.holder.addEventListener("pointermove", (event) => this.#point(made, event));
    made.holder.addEventListener("pointerleave", () => !this.act.dragging() && this.light(-1));
    made.holder.addEventListener("click", (event) => {
      const still = pressed && Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY) <= CLICK;
      if (still) this.#click(made, event, pressed.pointerType);
    });
  }

  #slotAt(made, event) {
    const box = made.holder.getBoundingClientRect();
    const slot = Math.round(made.panel.fromX(event.clientX - box.left));
    return slot >= 0 && slot < (this.view?.columns.class.length ?? 0) ? slot : -1;
  }

  #point(made, event) {
    if (event.pointerType === "touch" || !this.view || this.act.dragging()) return;
    const slot = this.#slotAt(made, event);
    this.light(slot < 0 ? -1 : this.view.columns.class[slot]);
  }

  /** A click makes a class the target; a tap lights it first, and makes it the target when it is lit. */
  #click(made, event, pointerType) {
    const slot = this.#slotAt(made, event);
    if (slot < 0) return;
    const c = this.view.columns.class[slot];
    if (pointerType === "mouse" || this.lit === c) this.#choose(c);
    this.light(c);
  }

  light(c) {
    this.lit = c;
    this.#shine();
  }

  #shine() {
    const slot = this.view ? this.view.columns.class.indexOf(this.lit) : -1;
    for (const made of Object.values(this.panels)) {
      const on = Boolean(slot >= 0 && READ[made.name]);
      made.light.hidden = !on;
      if (on) {
        const { top, height } = made.panel.box, left = made.panel.toX(slot - 0.5), right = made.panel.toX(slot + 0.5);
        made.light.style.cssText = `left:${left}px;top:${top}px;width:${right - left}px;height:${height}px`;
      }
      set(made.caption, on ? this.#reading(made.name, slot) : this.#caption(made.name));
      made.caption.classList.toggle("ssm-reading", on);
    }
  }

  #reading(name, slot) {
    const { columns: c, numbers: v } = this.view;
    const who = `${this.act.names(this.lit)}: `;
    if (name === "scores_sampled") {
      if (this.lit === v.target) return `${who}${number(v.score_target)}, no correction`;
      if (c.model[slot] === null) return `${who}not computed in this draw`;
      const d = c.correction[slot];
      return `${who}${number(c.model[slot])} ${d < 0 ? "−" : "+"} ${number(Math.abs(d))} = ${number(c.corrected[slot])}`;
    }
    if (name === "noise") return `${who}probability ${number(c.noise[slot])}, sampled ×${grouped(c.count[slot])}`;
    if (name === "gradient_sampled") return `${who}this draw ${number(c.gradient_draw[slot])}, average ${number(c.gradient_mean[slot])}`;
    return `${who}${number(c[READ[name]][slot])}`;
  }

  #caption(name) {
    const { words } = this.spec, s = this.act.settings();
    if (name === "noise" && s?.noise === "custom") return words.custom_caption;
    if (name === "convergence" && s?.view === "classes") return words.classes_caption;
    return words.captions[name];
  }

  // -------------------------------------------------------------- size and theme

  get themeName() {
    const rgb = getComputedStyle(this.host).getPropertyValue("--st-background-color").trim() || getComputedStyle(document.body).backgroundColor;
    const probe = el("i", { style: `color:${rgb}` });
    this.host.append(probe);
    const [r, g, b] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
    probe.remove();
    return 0.299 * r + 0.587 * g + 0.114 * b < 128 ? "dark" : "light";
  }

  /** Give every panel its definition, in the colours of the page's theme. */
  async define() {
    this.theme = this.themeName;
    const inks = this.spec.themes[this.theme];
    for (const [name, colour] of Object.entries(inks)) if (typeof colour === "string") this.host.style.setProperty(`--ssm-${name}`, colour);
    for (const [name, colour] of Object.entries(inks.text)) this.host.style.setProperty(`--ssm-text-${name}`, colour);
    this.height = this.#plotHeight();
    await Promise.all(PANELS.map((name) => this.#defineOne(name)));
    await this.#size();
  }

  /** Draw the convergence panel's other view. */
  async turn() {
    await this.#defineOne("convergence");
    await this.#size();
    this.act.repaint();
  }

  #defineOne(name) {
    const shown = name === "convergence" && this.act.settings()?.view === "classes" ? "convergence_classes" : name;
    return this.panels[name].panel.define(shown, this.spec.panels[this.theme][shown], this.height);
  }

  /** As tall as lets both rows of panels be seen at once, within reason. */
  #plotHeight() {
    const width = this.host.clientWidth, columns = width >= 900 ? 3 : width >= 560 ? 2 : 1;
    if (columns === 1) return 220;
    const page = this.host.closest("[data-testid='stMain']"), top = this.node.getBoundingClientRect().top + (page?.scrollTop ?? 0);
    const rows = 2, beside = 40; // head, caption and gap
    const room = (window.innerHeight - top - 8) / rows - beside;
    return Math.max(this.embedded ? 130 : 168, Math.min(340, Math.floor(room)));
  }

  #size() {
    return Promise.all(Object.values(this.panels).map(({ panel, holder }) => panel.resize(holder.clientWidth, this.height)));
  }

  /** Take the size that the page leaves. */
  async fit() {
    const height = this.#plotHeight(), width = this.host.clientWidth;
    if (height === this.height && width === this.width) return;
    Object.assign(this, { height, width });
    await this.#size();
    this.act.repaint();
  }

  // -------------------------------------------------------------- paint

  /** Show a view. `growOnly`: something moves, so axes may grow and not shrink. */
  paint(view, growOnly) {
    this.view = view;
    const { words, layout } = this.spec, { numbers } = view;
    const all = series(view, this.act.names, layout), ink = this.spec.themes[this.theme].text.target;
    const drawn = Object.values(this.panels).map(({ panel, name, title, plot }) => {
      const tick = name === "convergence" ? null : ticks(all, numbers.target, panel.plotWidth, ink);
      set(title, plain(words.titles[name], numbers, words.integers));
      plot.setAttribute("aria-label", plain(words.labels[name], numbers, words.integers));
      return panel.draw(all, { ...layout, growOnly, dragging: this.act.dragging() }, tick);
    });
    this.#overlay();
    if (drawn.some(Boolean)) Promise.all(drawn).then(() => this.view === view && this.#overlay()); // axes have moved by then
  }

  /** What lies over the bars goes where the bars are. */
  #overlay() {
    const count = this.view.columns.class.length, custom = this.act.settings().noise === "custom";
    this.panels.scores_full.handles.place(count);
    this.panels.noise.handles.place(custom ? count : 0);
    this.#shine();
  }
}
