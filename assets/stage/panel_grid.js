/** The panels together: where they stand, what all of them draw, the class that is lit in all, and the step that moves them. */

import { button, el } from "../controls/dom.js";
import { axes } from "../panels/axes.js";
import { numbers, reading, series } from "../panels/series.js";
import { Flight } from "./flight.js";
import { scoreGrip, weightGrip } from "./grips.js";
import { formOf, namers, orientationOf, shownPanels } from "./layout.js";
import { STEP, between, run } from "./motion.js";
import { PanelFigure } from "./panel_figure.js";
import { paintWith, themeOf } from "./theme.js";

const LOOK = 500; // ms between looks at the theme
const ZOOMS = [1, 4, 16];
const HEADS = ["Noise", "Scores", "Gradient", "Convergence"];
const UNDO = "Undo dragged bars";
const CLOCK = { frame: (act) => requestAnimationFrame(act), cancel: (id) => cancelAnimationFrame(id) };
const idle = () => new Promise((done) => (window.requestIdleCallback ?? setTimeout)(() => done(undefined)));

/**
 * @typedef {object} Acts
 * @property {() => any} settings
 * @property {(patch: any, live?: boolean) => void} change
 * @property {(c: number) => string} names
 * @property {(on: boolean) => void} hold the classes where they are
 * @property {() => boolean} moving whether a hand is down
 * @property {() => void} rest a step has ended
 * @property {(form: string) => void} formed the page has taken another form
 * @property {{scale: any, view: any}} tools switches that sit in the heads
 * @property {any} draw the block that draws again
 */

export class PanelGrid {
  /** @type {any} */ node = el("div", { class: "ssm-panels" });
  #spec;
  #host;
  /** @type {Acts} */ #acts;
  /** @type {Record<string, PanelFigure>} */ #figures = {};
  /** @type {any[]} */ #heads;
  #flight = new Flight();
  /** @type {any} */ #view = null;
  /** @type {any} */ #axes = null;
  /** @type {any} */ #step = null;
  /** @type {string[]} */ #shown = [];
  /** @type {string[]} */ #chosen = [];
  /** @type {Set<string>} */ #gripless = new Set();
  #form = "";
  #theme = "";
  #defined = "";
  #zoom = 1;
  #drawn = 0;
  #lit = -1;
  #picked = -1;
  #pickedIn = "";
  /** @type {any} */ #undo = {};
  /** @type {any} */ #zoomer;

  /** @param {any} spec @param {HTMLElement} host @param {Acts} acts */
  constructor(spec, host, acts) {
    this.#spec = spec;
    this.#host = host;
    this.#acts = acts;
    this.#heads = HEADS.map((name, i) => el("div", { class: "ssm-column", role: "heading", "aria-level": "2", "data-column": i + 1 }, el("b", {}, String(i + 1)), ` ${name}`));
    for (const name of spec.order) this.#figures[name] = this.#figure(name);
    this.#undo.scores_full = button(UNDO, () => acts.change({ edits: [] }), "ssm-undo");
    this.#undo.noise = button(UNDO, () => acts.change({ weights: [] }), "ssm-undo");
    for (const [name, node] of Object.entries(this.#undo)) this.#figures[name].tools.append(node);
    this.#zoomer = button("", () => this.#zoomOn(), "ssm-zoom");
    this.#sayZoom();
    this.node.append(acts.draw, ...Object.values(this.#figures).map(({ node }) => node), this.#flight.node);
  }

  #figure(name) {
    const grips = { score: scoreGrip, weight: weightGrip }, { grip } = this.#spec.panels.light[name];
    const acts = {
      ...this.#acts, view: () => this.#view, light: (c) => this.light(c), pick: (c) => this.#pick(c, name),
    };
    const figure = new PanelFigure(name, window.Plotly, grip ? grips[grip](this.#spec.fields, acts) : null, () => this.#choose());
    if (this.#spec.panels.light[name].along === "classes") this.#listen(figure, name);
    return figure;
  }

  // -------------------------------------------------------------- form and theme

  /** What a frame shows, and which bars it lets be dragged. */
  frame({ panels, hidden, locked }) {
    this.#chosen = panels;
    this.#gripless = new Set([...hidden, ...locked]);
  }

  watch(signal) {
    const fit = () => this.fit(), resized = new ResizeObserver(() => requestAnimationFrame(fit));
    resized.observe(this.#host);
    const themed = setInterval(() => themeOf(this.#host) !== this.#theme && this.define().then(() => this.#paint()), LOOK);
    signal.addEventListener("abort", () => {
      resized.disconnect();
      clearInterval(themed);
      this.finish();
    });
    addEventListener("resize", fit, { signal });
  }

  get #many() {
    return (this.#view?.classes.hidden ?? 0) > 0;
  }

  /** Give every panel its place, its definition and the colours of the page's theme. */
  async define() {
    this.#theme = themeOf(this.#host);
    paintWith(this.#host, this.#spec.themes[this.#theme]);
    this.#arrange();
    const form = orientationOf(this.#form), settings = this.#acts.settings() ?? {};
    this.#defined = this.#wanted();
    await Promise.all(this.#shown.map((name) => this.#figures[name].define(this.#specOf(name, settings), form)));
    for (const name of this.#shown) this.#figures[name].fit();
  }

  /** Everything that a definition depends on. */
  #wanted() {
    const { view, scale } = this.#acts.settings() ?? {};
    return [this.#theme, this.#form, view, scale, this.#shown].join();
  }

  /** The definition of a panel, or of the one that stands in for it. */
  #specOf(name, settings) {
    const panels = this.#spec.panels[this.#theme];
    return Object.values(panels).find(({ variant }) => variant?.of === name && settings[variant.setting] === variant.value) ?? panels[name];
  }

  #arrange() {
    const form = formOf(this.#host.clientWidth), embedded = this.#host.classList.contains("ssm-embedded");
    this.#shown = shownPanels(this.#spec.order, { form, embedded, many: this.#many, chosen: this.#chosen });
    for (const [name, { node }] of Object.entries(this.#figures)) node.hidden = !this.#shown.includes(name);
    this.#host.classList.toggle("ssm-many", this.#many);
    this.#host.style.setProperty("--ssm-slots", String((this.#view?.classes.index.length ?? 10) + (this.#many ? 2 : 0)));
    if (form === this.#form) return;
    this.#form = form;
    this.#host.dataset.form = form;
    this.#furnish(form);
    this.#acts.formed(form);
  }

  /** Heads and tools: in columns the tools sit in the heads of the columns, else in those of the panels. */
  #furnish(form) {
    const { scale, view } = this.#acts.tools, wide = form === "wide", figures = this.#figures;
    const at = wide ? [this.#heads[1], this.#heads[2], this.#heads[3]] : [figures.scores_sampled.tools, figures.gradient_sampled.tools, figures.convergence.tools];
    [scale, this.#zoomer, view].forEach((tool, i) => at[i].append(tool));
    if (wide) this.node.prepend(...this.#heads);
    else for (const head of this.#heads) head.remove();
    const order = shownPanels(this.#spec.order, { form, embedded: false, many: true, chosen: [] });
    this.node.append(...order.map((name) => figures[name].node), this.#flight.node);
  }

  /** Take the size that the page leaves. */
  fit() {
    const changed = this.#wanted();
    this.#arrange();
    if (changed !== this.#wanted() || this.#defined !== this.#wanted()) this.define().then(() => this.#paint());
    else if (this.#shown.map((name) => this.#figures[name].fit()).some(Boolean)) this.#paint();
  }

  // -------------------------------------------------------------- show

  get moving() {
    return this.#step !== null;
  }

  /** Show a view. `from`: the view that one step led from, or null; `pace`: ms that a step has. */
  show(view, from, pace) {
    this.finish();
    this.#view = view;
    this.fit();
    if (from?.draw && view.draw && !this.#still()) this.#move(from, view, pace);
    else this.#paint();
    if (from && this.#still()) this.#outline();
  }

  /** Jump to the end of the step under way. */
  finish() {
    this.#step?.finish();
  }

  #still() {
    return matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  #move(from, to, pace) {
    const glide = pace < STEP, all = series(to, this.#acts.names);
    this.#span(to, all);
    if (!glide) this.#launch(to);
    const draw = (t) => {
      const now = between(from, to, t, glide), moving = series(now, this.#acts.names);
      for (const name of this.#shown) this.#drawOne(name, name === "noise" ? to : now, name === "noise" ? all : moving);
      this.#flight.move(t);
    };
    this.#step = run(pace, draw, () => this.#landed(), CLOCK);
  }

  #launch(to) {
    const { noise, scores_sampled: scores } = this.#figures, { left, top } = this.node.getBoundingClientRect();
    const at = (figure, value) => (slot) => {
      if (figure.node.hidden) return null;
      const box = figure.panel.node.getBoundingClientRect(), { x, y } = figure.panel.at(slot, value(slot));
      return { x: box.left - left + x, y: box.top - top + y };
    };
    const weights = this.#acts.settings().scale === "weights", height = (slot) => (weights ? Math.exp(to.classes.score[slot] - to.classes.score_target) : to.classes.score[slot]);
    this.#flight.start(to, at(noise, (slot) => to.classes.noise[slot]), at(scores, height));
  }

  #landed() {
    this.#step = null;
    this.#flight.end();
    this.#paint();
    this.#acts.rest();
  }

  /** Without motion: an outline on the classes that this draw sampled. */
  #outline() {
    this.#host.classList.remove("ssm-changed");
    requestAnimationFrame(() => this.#host.classList.add("ssm-changed"));
  }

  #span(view, all) {
    this.#axes = axes(view, all, this.#acts.settings(), this.#axes, this.#acts.moving());
  }

  #paint() {
    if (!this.#view) return;
    const view = this.#view, all = series(view, this.#acts.names);
    this.#span(view, all);
    for (const name of this.#shown) this.#drawOne(name, view, all);
    this.#overlay();
    this.#sync(++this.#drawn);
  }

  #drawOne(name, view, all) {
    const labels = namers(this.#shown, /** @type {any} */ (this.#form)).has(name), { names } = this.#acts;
    this.#figures[name].draw({ view, series: all, axes: this.#zoomed(), names, lit: this.#lit, labels }, numbers(view, this.#acts.settings(), names));
  }

  /** Plotly draws the same once more when all is at rest, one panel at a time. */
  async #sync(drawn) {
    for (const name of this.#shown) {
      await idle();
      if (drawn !== this.#drawn || this.moving || this.#acts.moving()) return;
      await this.#figures[name].panel.sync();
    }
  }

  /** What lies over the bars goes where the bars are. */
  #overlay() {
    const { index } = this.#view.classes, { noise, edits, weights } = this.#acts.settings(), orientation = orientationOf(/** @type {any} */ (this.#form));
    this.#figures.scores_full.handles?.place(this.#gripless.has("edits") ? [] : index, orientation);
    this.#figures.noise.handles?.place(noise === "custom" && !this.#gripless.has("weights") ? index : [], orientation);
    this.#undo.scores_full.hidden = edits.length === 0;
    this.#undo.noise.hidden = weights.length === 0;
    this.#shine();
  }

  // -------------------------------------------------------------- zoom of the gradient panels

  #zoomed() {
    const { values } = this.#axes, [low, high] = values.gradient;
    return this.#zoom === 1 ? this.#axes : { ...this.#axes, values: { ...values, gradient: [low / this.#zoom, high / this.#zoom] } };
  }

  #zoomOn() {
    this.#zoom = ZOOMS[(ZOOMS.indexOf(this.#zoom) + 1) % ZOOMS.length];
    this.#sayZoom();
    this.#paint();
  }

  #sayZoom() {
    this.#zoomer.textContent = `×${this.#zoom}`;
    this.#zoomer.title = "Zoom of both gradient panels: ×1, ×4, ×16";
    this.#zoomer.setAttribute("aria-label", `zoom of the gradients: ×${this.#zoom}`);
  }

  // -------------------------------------------------------------- light: one class, everywhere

  #listen({ holder, panel }, name) {
    const slotAt = ({ clientX, clientY }) => {
      const { left, top } = holder.getBoundingClientRect();
      return panel.slotAt(clientX - left, clientY - top);
    };
    const classAt = (event) => this.#view?.classes.index[slotAt(event)] ?? -1;
    holder.addEventListener("pointermove", (event) => event.pointerType !== "touch" && !this.#acts.moving() && this.light(classAt(event)));
    holder.addEventListener("pointerleave", () => !this.#acts.moving() && this.light(-1));
    holder.addEventListener("click", (event) => !event.target.closest(".ssm-handle") && this.#pick(classAt(event), name));
  }

  /** Light a class while the hand or the focus is on it; -1 leaves the one that was picked. */
  light(c) {
    const lit = c < 0 ? this.#picked : c;
    if (lit === this.#lit || !this.#view) return;
    this.#lit = lit;
    this.#redraw();
  }

  /** A click keeps a class lit, and offers it as the target; a second click lets it go. */
  #pick(c, name) {
    this.#picked = c === this.#picked ? -1 : c;
    this.#pickedIn = name;
    this.#lit = this.#picked;
    this.#redraw();
  }

  #choose() {
    const target = this.#picked;
    this.#picked = this.#lit = -1;
    this.#acts.change({ target });
  }

  #redraw() {
    if (this.moving) return this.#shine();
    const all = series(this.#view, this.#acts.names);
    for (const name of this.#shown) this.#drawOne(name, this.#view, all);
    this.#shine();
  }

  #shine() {
    const view = this.#view, slot = view.classes.index.indexOf(this.#lit), all = numbers(view, this.#acts.settings(), this.#acts.names);
    const lit = slot < 0 ? null : reading(view, slot, this.#acts.names);
    const offer = slot >= 0 && this.#picked === this.#lit && this.#lit !== view.classes.target && !this.#gripless.has("target");
    for (const name of this.#shown) this.#figures[name].read(all, lit, offer && name === this.#pickedIn);
  }
}
