/** The panels together: where they stand, what all of them draw, and when. */

import { button, el, icon } from "../controls/dom.js";
import { axes } from "../panels/axes.js";
import { shownAs } from "../panels/panel.js";
import { numbers, series } from "../panels/series.js";
import { scoreGrip, weightGrip } from "./grips.js";
import { formOf, namers, orientationOf, shownPanels } from "./layout.js";
import { Light } from "./light.js";
import { PanelFigure } from "./panel_figure.js";
import { Stepping, isStill } from "./stepping.js";
import { paintWith, themeOf } from "./theme.js";

const LOOK = 500; // ms between looks at the theme
const ZOOMS = [1, 4, 16];
const HEADS = ["Noise", "Scores", "Gradient", "Convergence"];
const UNDO = "Undo dragged bars";
const BACK = "M8 4v3h4a5 5 0 0 1 0 10H6v-2h6a3 3 0 0 0 0-6H8v3L3 8z";
const GRIPS = { score: scoreGrip, weight: weightGrip };

const idle = () => new Promise((done) => (window.requestIdleCallback ?? setTimeout)(() => done(undefined)));

const headOf = (name, i) =>
  el("div", { class: "ssm-column", role: "heading", "aria-level": "2", "data-column": i + 1 }, el("b", {}, String(i + 1)), ` ${name}`);

const undo = (onclick) => el("button", { type: "button", class: "ssm-button", "aria-label": UNDO, title: UNDO, onclick }, icon(BACK));

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
  /** @type {Light} */ #light;
  /** @type {Stepping} */ #stepping;
  #heads = HEADS.map(headOf);
  #undoEdits;
  #undoWeights;
  #zoomer;
  /** @type {any} */ #view = null;
  /** @type {any} */ #axes = null;
  /** @type {string[]} */ #shown = [];
  /** @type {string[]} */ #chosen = [];
  /** @type {Set<string>} */ #fixed = new Set();
  /** @type {any} */ #form = "";
  #theme = "";
  #defined = "";
  #zoom = 1;
  #drawn = 0;
  #defining = 0; // the last definition under way; 0: all panels are what they should be
  /** Settles when what was to be shown is shown. @type {Promise<void>} */ ready = Promise.resolve();

  /** @param {any} spec @param {HTMLElement} host @param {Acts} acts */
  constructor(spec, host, acts) {
    this.#spec = spec;
    this.#host = host;
    this.#acts = acts;
    const { settings, change, names, moving } = acts, view = () => this.#view;
    this.#light = new Light({ view, settings, names, moving, change, figures: () => this.#shown.map((name) => this.#figures[name]), redraw: () => this.#redraw() });
    for (const name of spec.order) this.#figures[name] = this.#figure(name);
    this.#undoEdits = this.#tool("scores_full", undo(() => change({ edits: [] })));
    this.#undoWeights = this.#tool("noise", undo(() => change({ weights: [] })));
    this.#zoomer = button("", () => this.#zoomOn());
    this.#sayZoom();
    this.node.append(acts.draw, ...Object.values(this.#figures).map(({ node }) => node));
    this.#stepping = new Stepping({ node: this.node, names, figures: this.#figures, scale: () => settings().scale, draw: (name, now, all) => this.#drawStep(name, now, all), landed: () => this.#landed() });
  }

  #figure(name) {
    const { grip, along } = this.#spec.panels.light[name], light = this.#light;
    const acts = { ...this.#acts, view: () => this.#view, light: (c) => light.light(c), pick: (c) => light.pick(c, figure) };
    const figure = new PanelFigure(name, window.Plotly, grip ? GRIPS[grip](this.#spec.fields, acts) : null, () => light.choose());
    if (along === "classes") light.listen(figure);
    return figure;
  }

  #tool(name, node) {
    this.#figures[name].tools.append(node);
    return node;
  }

  // -------------------------------------------------------------- form and theme

  /** What a frame shows, and what it does not let be dragged or chosen. */
  frame({ panels, hidden, locked }) {
    this.#chosen = panels;
    this.#fixed = new Set([...hidden, ...locked]);
    this.#light.fixed = this.#fixed.has("target");
  }

  /** Follow the page's size and theme until the signal. @param {AbortSignal} signal */
  watch(signal) {
    const fit = () => this.fit(), resized = new ResizeObserver(() => requestAnimationFrame(fit));
    resized.observe(this.#host);
    const themed = setInterval(() => themeOf(this.#host) !== this.#theme && this.fit(), LOOK);
    addEventListener("resize", fit, { signal });
    signal.addEventListener("abort", () => {
      resized.disconnect();
      clearInterval(themed);
      this.finish();
    });
  }

  /** Give every panel its place, its definition and the colours of the page's theme. */
  async define() {
    const turn = ++this.#defining;
    this.#arrange();
    this.#defined = this.#wanted();
    this.#theme = themeOf(this.#host);
    paintWith(this.#host, this.#spec.themes[this.#theme]);
    const specs = this.#spec.panels[this.#theme], settings = this.#acts.settings() ?? {}, orientation = orientationOf(this.#form);
    await Promise.all(this.#shown.map((name) => this.#figures[name].define(specs[shownAs(specs, name, settings)], orientation)));
    for (const name of this.#shown) this.#figures[name].fit();
    if (turn === this.#defining) this.#defining = 0;
  }

  /** Everything that a definition depends on. */
  #wanted() {
    const { view, scale } = this.#acts.settings() ?? {};
    return [themeOf(this.#host), this.#form, view, scale, this.#shown].join();
  }

  get #many() {
    return (this.#view?.classes.hidden ?? 0) > 0;
  }

  #arrange() {
    const form = formOf(this.#host.clientWidth), embedded = this.#host.classList.contains("ssm-embedded");
    this.#shown = shownPanels(this.#spec.order, { form, embedded, many: this.#many, chosen: this.#chosen });
    for (const [name, { node }] of Object.entries(this.#figures)) node.hidden = !this.#shown.includes(name);
    this.#host.classList.toggle("ssm-many", this.#many);
    this.#host.style.setProperty("--ssm-slots", String((this.#view?.classes.index.length ?? 10) + (this.#many ? 2 : 0)));
    if (form !== this.#form) this.#furnish(form);
  }

  /** Heads and tools: in columns the tools sit in the heads of the columns, else in those of the panels, on a phone in the drawer. */
  #furnish(form) {
    const { scale, view } = this.#acts.tools, { scores_sampled: scores, gradient_sampled: gradient, convergence } = this.#figures, wide = form === "wide";
    const [, second, third, fourth] = this.#heads, phone = form === "phone";
    if (!phone) (wide ? second : scores.tools).append(scale);
    if (!phone) (wide ? fourth : convergence.tools).append(view);
    (wide ? third : gradient.tools).append(this.#zoomer);
    if (wide) this.node.prepend(...this.#heads);
    else for (const head of this.#heads) head.remove();
    const order = shownPanels(this.#spec.order, { form, embedded: false, many: true, chosen: [] });
    this.node.append(...order.map((name) => this.#figures[name].node));
    this.#form = this.#host.dataset.form = form;
    this.#acts.formed(form);
  }

  /** Take the size, the form and the theme that the page has now. */
  fit() {
    this.#arrange();
    if (this.#defined !== this.#wanted()) this.ready = this.define().then(() => this.#paint());
    else if (this.#shown.map((name) => this.#figures[name].fit()).some(Boolean)) this.#paint();
  }

  // -------------------------------------------------------------- show

  get moving() {
    return this.#stepping.moving;
  }

  /** Jump to the end of the step under way. */
  finish() {
    this.#stepping.finish();
  }

  /** Show a view. `from`: the view that one step led from, or null; `pace`: ms that a step has. */
  show(view, from, pace) {
    this.finish();
    this.#view = view;
    this.fit();
    if (!from?.draw || !view.draw || this.#defining) return this.#paint();
    if (isStill()) return this.#outline();
    this.#span(view, series(view, this.#acts.names));
    this.#stepping.start(from, view, pace);
  }

  /** Show the same once more: something about it has changed. */
  again() {
    this.#redraw();
  }

  #drawStep(name, view, all) {
    for (const each of this.#shown) if (name ? each === name : each !== "noise") this.#drawOne(each, view, all);
  }

  #landed() {
    this.#paint();
    this.#acts.rest();
  }

  /** Without motion: an outline on what changed. */
  #outline() {
    this.#paint();
    this.#host.classList.remove("ssm-changed");
    requestAnimationFrame(() => this.#host.classList.add("ssm-changed"));
  }

  #span(view, all) {
    this.#axes = axes(view, all, this.#acts.settings(), this.#axes, this.#acts.moving());
  }

  #paint() {
    if (!this.#view || this.moving || this.#defining) return;
    const all = series(this.#view, this.#acts.names);
    this.#span(this.#view, all);
    for (const name of this.#shown) this.#drawOne(name, this.#view, all);
    this.#overlay();
    this.#sync(++this.#drawn);
  }

  #redraw() {
    if (!this.#view) return;
    const all = series(this.#view, this.#acts.names);
    if (!this.moving && !this.#defining) for (const name of this.#shown) this.#drawOne(name, this.#view, all);
    this.#light.shine();
  }

  #drawOne(name, view, all) {
    const { names } = this.#acts, notes = this.#host.classList.contains("ssm-noted") && this.#form === "wide";
    const frame = { view, series: all, axes: this.#zoomed(), names, lit: this.#light.lit, labels: namers(this.#shown, this.#form).has(name), notes };
    this.#figures[name].draw(frame, numbers(view, this.#acts.settings(), names));
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
    const { index } = this.#view.classes, { noise, edits, weights } = this.#acts.settings(), orientation = orientationOf(this.#form);
    this.#figures.scores_full.handles?.place(this.#fixed.has("edits") ? [] : index, orientation);
    this.#figures.noise.handles?.place(noise !== "custom" || this.#fixed.has("weights") ? [] : index, orientation);
    this.#undoEdits.hidden = edits.length === 0;
    this.#undoWeights.hidden = weights.length === 0;
    this.#light.shine();
  }

  // -------------------------------------------------------------- zoom of both gradient panels

  #zoomed() {
    const { values } = this.#axes, [low, high] = values.gradient;
    return { ...this.#axes, values: { ...values, gradient: [low / this.#zoom, high / this.#zoom] } };
  }

  #zoomOn() {
    this.#zoom = ZOOMS[(ZOOMS.indexOf(this.#zoom) + 1) % ZOOMS.length];
    this.#sayZoom();
    this.#paint();
  }

  #sayZoom() {
    this.#zoomer.textContent = `zoom ×${this.#zoom}`;
    this.#zoomer.setAttribute("aria-label", `zoom of both gradients: ×${this.#zoom}`);
  }
}
