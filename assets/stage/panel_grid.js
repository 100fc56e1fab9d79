/** The panels together: where they stand, what all of them draw, and when. */

import { el } from "../controls/dom.js";
import { Level } from "../controls/level.js";
import { axes } from "../panels/axes.js";
import { Panel, shownAs } from "../panels/panel.js";
import { numbers, series } from "../panels/series.js";
import { percent } from "../panels/texts.js";
import { GRIPS } from "./grips.js";
import { formOf, namers, orientationOf, shownPanels } from "./layout.js";
import { Light } from "./light.js";
import { PanelFigure } from "./panel_figure.js";
import { Sheet } from "./sheet.js";
import { isStill, Stepping } from "./stepping.js";
import { paintWith, themeOf } from "./theme.js";
import { Tools } from "./tools.js";

const LOOK = 500; // ms between looks at the theme

const idle = () => new Promise((done) => (window.requestIdleCallback ?? setTimeout)(() => done(undefined)));

/**
 * @typedef {object} Acts
 * @property {() => any} settings
 * @property {(patch: any, live?: boolean) => void} change
 * @property {(c: number) => string} names
 * @property {(on: boolean) => void} hold the classes where they are
 * @property {() => boolean} moving whether a hand is down, or a control still moves
 * @property {() => boolean} pressed whether a hand is down
 * @property {() => void} rest a step has ended
 * @property {(form: string) => void} formed the page has taken another form
 * @property {{scale: any, view: any}} tools switches that sit in the heads
 * @property {any} draw the block that draws again
 * @property {() => Set<string>} fixed settings that a frame keeps as they are
 */

export class PanelGrid {
  /** @type {any} */ node = el("div", { class: "ssm-panels" });
  /** Settles when what was to be shown is shown. @type {Promise<void>} */ ready = Promise.resolve();
  #spec;
  #page;
  #host;
  /** @type {Acts} */ #acts;
  /** @type {Record<string, PanelFigure>} */ #figures = {};
  /** @type {Light} */ #light;
  /** @type {Stepping} */ #stepping;
  /** @type {Tools} */ #tools;
  /** Pictures of all classes, for where not all have bars. @type {Set<string>} */ #ranked;
  /** @type {any} */ #view = null;
  /** @type {any} */ #axes = null;
  /** @type {string[]} */ #shown = [];
  /** @type {string[]} */ #chosen = [];
  /** @type {Set<string>} */ #named = new Set();
  /** @type {Set<string>} */ #fixed = new Set();
  /** @type {any} */ #form = "";
  #theme = "";
  #defined = "";
  #slots = 0;
  #drawn = 0;
  #defining = 0; // the last definition under way; 0: all panels are what they should be

  /** @param {any} spec @param {any} page its record @param {HTMLElement} host @param {Acts} acts */
  constructor(spec, page, host, acts) {
    this.#spec = spec;
    this.#page = page;
    this.#ranked = new Set(page.panels.filter((name) => this.#plain(name).needs.includes("ranked")));
    this.#host = host;
    this.#acts = acts;
    this.#light = this.#makeLight();
    for (const name of page.panels) this.#figures[name] = this.#figure(name);
    this.#tools = this.#makeTools();
    this.node.append(acts.draw, ...Object.values(this.#figures).map(({ node }) => node));
    this.#stepping = this.#makeStepping();
  }

  /** A panel as it stands on the page. @param {string} name */
  figure(name) {
    return this.#figures[name];
  }

  /** What a panel is in any theme. */
  #plain(name) {
    return this.#spec.panels.light[name];
  }

  #makeTools() {
    const { tools, change } = this.#acts;
    const wearers = this.#page.panels.map((name) => ({ ...this.#plain(name), figure: this.#figures[name] }));
    return new Tools(wearers, this.#page.layout, tools, { change, zoomed: () => this.#paint() });
  }

  #makeLight() {
    const { settings, names, pressed, change } = this.#acts;
    const figures = () => this.#shown.map((name) => this.#figures[name]);
    const redraw = () => this.again();
    return new Light({ view: () => this.#view, settings, names, pressed, change, figures, redraw });
  }

  #makeStepping() {
    const { names, settings } = this.#acts;
    const draw = (first, view, all) => this.#drawStep(first, view, all);
    const end = (flight) => this.#figures[this.#page.panels.find((name) => this.#plain(name).flight === flight)];
    const ends = { start: end("start"), end: end("end") };
    return new Stepping({ node: this.node, names, ends, settings, draw, landed: () => this.#landed() });
  }

  #figure(name) {
    const plain = { ...this.#plain(name), room: this.#page.rooms[name] };
    const { grip, along, level, content } = plain;
    const light = this.#light;
    const hand = { view: () => this.#view, light: (c) => light.light(c), pick: (c) => light.pick(c, figure) };
    const made = grip ? GRIPS[grip].make(this.#spec.fields, { ...this.#acts, ...hand }) : null;
    const panel = content.length ? new Sheet(name, this.#acts) : new Panel(name, window.Plotly);
    const figure = new PanelFigure(plain, panel, made, () => light.choose());
    if (level) figure.cross(level, this.#makeLevel(level, figure));
    if (along === "classes") light.listen(figure);
    return figure;
  }

  #makeLevel(setting, figure) {
    const { change } = this.#acts;
    return new Level(this.#spec.fields[setting], {
      change: (value, live) => change({ [setting]: value }, live),
      valueAt: (x, y) => figure.panel.valueAt(x, y),
      spell: percent,
    });
  }

  // -------------------------------------------------------------- form and theme

  /** What a frame shows, and what it does not let be dragged or chosen. */
  frame({ panels, hidden, locked }) {
    this.#chosen = panels.filter((name) => name in this.#figures); // a link may come from another page
    this.#host.classList.toggle("ssm-chosen", this.#chosen.length > 0);
    this.#fixed = new Set([...hidden, ...locked]);
    this.#light.fixed = this.#fixed.has("target");
    for (const figure of Object.values(this.#figures)) figure.fix(this.#fixed);
    this.#form = ""; // the panels may stand in another order
    if (this.#view) this.fit();
  }

  /** Follow the page's size and theme until the signal. @param {AbortSignal} signal */
  watch(signal) {
    const fit = () => this.fit();
    const resized = new ResizeObserver(() => requestAnimationFrame(fit));
    const themed = setInterval(() => themeOf(this.#host) !== this.#theme && this.fit(), LOOK);
    resized.observe(this.#host);
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
    paintWith(this.#host, this.#spec.themes[this.#theme]);
    const specs = this.#spec.panels[this.#theme];
    const settings = this.#acts.settings() ?? {};
    const orientation = orientationOf(this.#form);
    const one = (name) => this.#figures[name].define(specs[shownAs(specs, name, settings)], orientation);
    await Promise.all(this.#shown.map(one));
    for (const name of this.#shown) this.#figures[name].fit();
    if (turn === this.#defining) this.#defining = 0;
  }

  /** Everything that a definition depends on. */
  #wanted() {
    const settings = this.#acts.settings() ?? {};
    const specs = this.#spec.panels.light; // a variant stands in for the same panel in every theme
    const variants = this.#shown.map((name) => shownAs(specs, name, settings));
    return [this.#theme, this.#form, variants].join();
  }

  get #many() {
    return (this.#view?.classes.hidden ?? 0) > 0;
  }

  #arrange() {
    const form = formOf(this.#host.clientWidth);
    const embedded = this.#host.classList.contains("ssm-embedded");
    const many = this.#many;
    this.#theme = themeOf(this.#host);
    const now = { form, embedded, many, chosen: this.#chosen, ranked: this.#ranked };
    this.#shown = shownPanels(this.#page, now);
    this.#named = this.#chosen.length ? new Set(this.#shown) : namers(this.#page, this.#shown, form);
    this.#slots = this.#view?.classes.index.length ?? 0;
    for (const [name, { node }] of Object.entries(this.#figures)) node.hidden = !this.#shown.includes(name);
    this.#host.classList.toggle("ssm-many", many);
    this.#host.style.setProperty("--ssm-slots", String((this.#slots || 10) + (many ? 2 : 0)));
    if (form !== this.#form) this.#furnish(form);
  }

  #furnish(form) {
    const all = shownPanels(this.#page, { form, embedded: false, many: true, chosen: [], ranked: this.#ranked });
    const columns = this.#page.layout && form === "wide" && !this.#chosen.length;
    this.#tools.place(form, columns);
    if (columns) this.node.prepend(...this.#tools.heads);
    else for (const head of this.#tools.heads) head.remove();
    for (const figure of Object.values(this.#figures)) figure.rank(columns ? 3 : 2); // below the heads, or on their own
    this.node.append(...[...new Set([...this.#chosen, ...all])].map((name) => this.#figures[name].node));
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

  /** Show a view. `from`: the view that one step led from, or null; `pace`: ms that a step has; `late`: groups to wait for. */
  show(view, from, pace, late) {
    this.finish();
    for (const [name, figure] of Object.entries(this.#figures))
      figure.hold(this.#plain(name).needs.some((group) => late.has(group)));
    const shape = [this.#slots, this.#many, this.#defined].join();
    this.#view = view;
    if (shape !== [view.classes.index.length, this.#many, this.#wanted()].join()) this.fit();
    if (!from?.draw || !view.draw || this.#defining) return this.#paint();
    if (isStill()) return this.#outline();
    this.#span(view, series(view, this.#acts.names, this.#acts.settings()));
    this.#stepping.start(from, view, pace);
  }

  /** Samples are seen before they fly; `first`: where they start, else all the rest. */
  #drawStep(first, view, all) {
    const words = numbers(view, this.#acts.settings(), this.#acts.names);
    const due = this.#shown.filter((name) => (this.#plain(name).flight === "start") === first);
    for (const name of due) this.#drawOne(name, view, all, words);
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
    const all = series(this.#view, this.#acts.names, this.#acts.settings());
    this.#span(this.#view, all);
    this.#drawAll(all);
    this.#overlay();
    this.#sync(++this.#drawn);
  }

  /** Show the same once more: a class is lit, or notes come and go. */
  again() {
    if (!this.#view) return;
    if (!this.moving && !this.#defining) this.#drawAll(series(this.#view, this.#acts.names, this.#acts.settings()));
    this.#light.shine();
  }

  #drawAll(all) {
    const words = numbers(this.#view, this.#acts.settings(), this.#acts.names);
    for (const name of this.#shown) this.#drawOne(name, this.#view, all, words);
  }

  #drawOne(name, view, all, words) {
    const notes = this.#form === "wide" && this.#host.classList.contains("ssm-noted");
    const labels = this.#named.has(name);
    const spans = this.#tools.zoomed(this.#axes);
    const { names } = this.#acts;
    this.#figures[name].draw(
      { view, settings: this.#acts.settings(), series: all, axes: spans, names, lit: this.#light.lit, labels, notes },
      words,
    );
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
    const settings = this.#acts.settings();
    for (const name of this.#shown) this.#place(name, settings);
    this.#tools.show(settings, this.#fixed);
    this.#light.shine();
  }

  #place(name, settings) {
    const { grip } = this.#plain(name);
    if (!grip) return;
    const dragged = GRIPS[grip].free(settings) && !this.#fixed.has(GRIPS[grip].writes);
    this.#figures[name].handles?.place(dragged ? this.#view.classes.index : [], orientationOf(this.#form));
  }
}
