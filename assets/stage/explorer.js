/**
 * The component: one Settings record and what happens to it. A change is answered at once by the kernel; when the hand
 * rests the dialogue asks the server, and torch's numbers replace the preview.
 */

import { button, el, say } from "../controls/dom.js";
import { Player } from "../controls/player.js";
import { view as compute } from "../kernel/view.js";
import { numbers } from "../panels/series.js";
import { apart } from "./agreement.js";
import { ControlPanel } from "./control_panel.js";
import { Dialogue } from "./dialogue.js";
import { carried } from "./carry.js";
import { json, script } from "./loading.js";
import { Page, agreementWords, ribbon } from "./page.js";
import { PanelGrid } from "./panel_grid.js";
import { Problems } from "./problems.js";
import { patched, toQuery } from "./settings.js";

const LIVE = { samples: 100_000, classes: 2_000 }; // what one frame can afford
const FULL = { samples: 2_000_000, classes: 2_000 };
const HEALTH = "/_stcore/health";

/** @type {WeakMap<object, Explorer>} */
const instances = new WeakMap();

/** Called by Streamlit for every new answer; the explorer itself is made once. */
export function mount(component) {
  const { parentElement } = component;
  let explorer = instances.get(parentElement);
  if (!explorer) {
    explorer = new Explorer(component);
    instances.set(parentElement, explorer);
  }
  explorer.receive(component.data);
}

export function unmount(parentElement) {
  instances.get(parentElement)?.end();
  instances.delete(parentElement);
}

class Explorer {
  #host;
  #base;
  #frame;
  #setStateValue;
  #setTriggerValue;
  /** @type {Promise<void>} */ #ready;
  /** @type {any} */ #spec = null;
  /** @type {any} */ #settings = null;
  /** @type {any} */ #answer = null;
  /** @type {any} */ #view = null;
  /** @type {any} */ #problem = null;
  /** @type {number[]|null} */ #keep = null;
  /** @type {any} */ #step = null;
  /** @type {Problems} */ #problems;
  /** @type {ControlPanel} */ #controls;
  /** @type {PanelGrid} */ #grid;
  /** @type {Player} */ #player;
  /** @type {Page} */ #page;
  /** @type {any} */ #sticky;
  /** @type {Dialogue} */ #dialogue;
  #memo = {};
  #settled = 0;
  #embedded = new URLSearchParams(location.search).get("embed") === "true";
  #ends = new AbortController();

  constructor({ parentElement, setStateValue, setTriggerValue, data }) {
    this.#base = data.base;
    this.#frame = data.frame;
    this.#setStateValue = setStateValue;
    this.#setTriggerValue = setTriggerValue;
    this.#host = parentElement.querySelector(".ssm");
    this.#host.classList.toggle("ssm-embedded", this.#embedded);
    this.#host.classList.add("ssm-noted");
    this.#dialogue = new Dialogue(this.#doors(), data.answer?.ask ?? 0);
    this.#ready = this.#load();
  }

  async #load() {
    try {
      const plotly = script(`${this.#base}/assets/vendor/plotly-basic.min.js`);
      this.#spec = await json(`${this.#base}/stage.json`);
      await plotly;
      this.#build();
      await this.#grid.define();
      this.#watch();
    } catch (error) {
      this.#host.replaceChildren(el("p", { class: "ssm-error", role: "alert" }, `The panels could not be loaded (${error.message}). Reload the page to try again.`));
      throw error;
    }
  }

  /** What the dialogue works through. @returns {import("./dialogue.js").Doors} */
  #doors() {
    return {
      after: (ms, act) => setTimeout(act, ms),
      cancel: (timer) => clearTimeout(timer),
      frame: (act) => requestAnimationFrame(act),
      query: () => toQuery(this.#settings, this.#spec.fields),
      send: (question) => this.#setStateValue("ask", question),
      alive: () => fetch(this.#base + HEALTH, { cache: "no-store" }).then(({ ok }) => ok, () => false),
      preview: () => this.#preview(),
      busy: () => this.#player.playing || this.#grid.moving,
      adopt: (answer) => this.#adopt(answer),
      refuse: (answer) => this.#refuse(answer),
      status: (state, more) => this.#status(state, more),
    };
  }

  // -------------------------------------------------------------- the page

  #build() {
    const settings = () => this.#settings, change = (patch, live) => this.#change(patch, live), load = () => this.#setTriggerValue("own", Date.now());
    this.#problems = new Problems(this.#base, this.#spec.preview, () => this.#arrived());
    this.#controls = new ControlPanel(this.#spec, this.#embedded, { settings, change, load, refuse: (sentence) => this.#page.refuse(sentence), moved: () => this.#grid?.fit() });
    this.#player = new Player({ go: (draw, by) => this.#go(draw, by), rest: () => this.#dialogue.rest(), average: (average) => change({ average }), playing: () => this.#grid.finish() });
    this.#grid = new PanelGrid(this.#spec, this.#host, {
      settings, change, names: this.#names, hold: (on) => this.#hold(on), moving: () => this.#dialogue.moving,
      rest: () => this.#dialogue.settle(), formed: (form) => this.#arrange(form),
      tools: { scale: this.#controls.switch("scale"), view: this.#controls.switch("view") }, draw: this.#player.node,
    });
    this.#page = new Page(this.#spec, { opened: () => this.#read(), explain: () => this.#explain(!this.#host.classList.contains("ssm-noted")), load, leave: () => change({ problem: this.#spec.fields.problem.default }) });
    this.#sticky = el("div", { class: "ssm-sticky" });
    const { what, word, sentence, status, readouts } = this.#page;
    this.#host.replaceChildren(what, word, sentence, this.#controls.front, this.#controls.drawer, status, this.#sticky, this.#grid.node, readouts);
    this.#apply(this.#frame);
  }

  #watch() {
    const { signal } = this.#ends;
    this.#host.addEventListener("pointerdown", () => this.#dialogue.press(), { signal });
    addEventListener("pointerup", () => this.#dialogue.release(), { capture: true, signal }); // before the control hears of it
    addEventListener("pointercancel", () => this.#dialogue.release(), { signal });
    const touched = ({ target }) => !target.closest(".ssm-explain") && this.#explain(false);
    for (const kind of ["pointerdown", "keydown"]) this.#host.addEventListener(kind, touched, { signal });
    this.#grid.watch(signal);
  }

  end() {
    this.#player?.pause();
    this.#dialogue.end();
    this.#ends.abort();
  }

  /** What is primary stays in reach: on a phone, samples and "Draw again" in a bar that does not scroll away. */
  #arrange(form) {
    const { samples, classes } = this.#controls.controls, { said, badge, help, status, readouts } = this.#page, { again, primary, quiet, node } = this.#player;
    const phone = form === "phone";
    this.#controls.stow(phone);
    if (phone) this.#sticky.append(samples.node, again, said);
    else classes.node.after(samples.node);
    if (!phone) primary.prepend(again);
    if (phone) readouts.prepend(quiet, badge);
    else node.append(quiet);
    if (phone) primary.append(help);
    else status.append(said, badge, help);
  }

  /** The notes on the picture: there on the first view, gone at the first touch, back by "?". */
  #explain(on) {
    if (this.#host.classList.contains("ssm-noted") === on) return;
    this.#host.classList.toggle("ssm-noted", on);
    this.#grid.again();
  }

  /** What a page, a chapter, a teacher or an embedder lets be seen and changed. */
  #apply(frame) {
    this.#controls.frame(frame);
    this.#grid.frame(frame);
    this.#player.node.classList.toggle("ssm-playerless", !frame.player);
    if (frame.locked.includes("draw")) this.#player.lock();
    this.#page.sentence.hidden = !frame.sentence;
    this.#page.tell(frame.note);
  }

  // -------------------------------------------------------------- change, preview

  /** The viewer chose something. `live`: the hand is still moving. */
  #change(patch, live = false) {
    this.#page.refuse("");
    this.#grid.finish();
    const next = { ...this.#settings, ...patch }, shape = this.#shape(next);
    const [settings, notes] = patched(this.#settings, patch, shape && { classes: shape.count, counted: shape.counted }, this.#spec.fields);
    this.#settings = settings;
    this.#settings.target ??= this.#spec.targets[settings.problem] ?? null;
    if (notes.length) this.#page.note(notes);
    this.#dialogue.change(live);
  }

  /** A step of the player. Where the page cannot compute, the next step waits for torch. */
  #go(draw, by) {
    if (!this.#local && this.#dialogue.waiting) return;
    this.#change({ draw, average: "so_far" }, this.#local !== null && this.#player.playing);
    this.#step = by === 1 ? this.#view : null;
  }

  /** The classes hold still where they are while a hand is on one of them. */
  #hold(on) {
    this.#keep = on ? [...this.#view.classes.index] : null;
    if (on) return;
    if (this.#host.dataset.state === "settled") this.#show(this.#answer.view);
    else this.#preview();
  }

  /** The problem as the page holds it, or null where torch alone has it. */
  get #local() {
    return this.#settings ? this.#problems.problem(this.#settings, this.#answer?.urls ?? {}) : null;
  }

  #preview() {
    const s = this.#settings, problem = this.#local;
    const able = problem !== null && s.target !== null && !(s.noise === "unigram" && !problem.counts);
    if (able) {
      this.#problem = problem;
      this.#show(this.#compute(problem, this.#dialogue.moving ? LIVE : FULL));
    }
    this.#host.classList.toggle("ssm-stale", !able);
    this.#showControls();
    return able;
  }

  /** The page's own view, with what it leaves to torch carried over from torch's last answer while that still holds. */
  #compute(problem, budget) {
    const s = this.#settings, own = s.draws * s.samples <= FULL.samples ? budget : LIVE;
    return carried(compute(problem, s, { constants: this.#spec.constants, budget: own, memo: this.#memo, keep: this.#keep }), s, this.#answer);
  }

  // -------------------------------------------------------------- answers

  /** @param {any} data what Python hands over */
  async receive({ answer }) {
    await this.#ready;
    if (answer) this.#dialogue.receive(answer);
    else this.#first();
  }

  /** The link asks for much: the page stands already, and says what it waits for. */
  #first() {
    say(this.#page.sentence, "Torch is computing the first picture…");
    this.#dialogue.first(location.search.slice(1));
  }

  #refuse(answer) {
    this.#settings ??= answer.settings;
    const last = this.#answer;
    this.#page.note(answer.notes);
    this.#page.refuse(answer.error, last && (() => this.#change({ ...last.settings })));
    this.#showControls();
    this.#settle();
  }

  #adopt(answer) {
    this.#answer = answer;
    this.#settings = answer.settings;
    this.#page.note(answer.notes);
    this.#page.refuse("");
    this.#host.classList.remove("ssm-stale");
    const page = this.#compare();
    this.#show(this.#keep && page ? page : answer.view);
    this.#showControls();
    this.#link(answer.query);
    this.#settle();
  }

  /** The page computes what torch computed, and says how far apart the two are. */
  #compare() {
    const s = this.#settings, where = this.#spec.devices[this.#answer.device] ?? this.#answer.device;
    this.#problem = this.#local;
    const page = this.#problem && s.draws * s.samples <= FULL.samples ? this.#compute(this.#problem, FULL) : null;
    const same = page && String(page.classes.index) === String(this.#answer.view.classes.index);
    this.#page.say("settled", {}, agreementWords(same ? apart(page, this.#answer.view) : null, where));
    return page;
  }

  /** A problem has arrived: what is shown can be checked, and what waits for it previewed. */
  #arrived() {
    if (this.#host.dataset.state === "settled") this.#compare();
    else this.#preview();
    this.#showControls();
  }

  async #settle() {
    await this.#grid.ready;
    this.#settled += 1;
    this.#host.dataset.ssmReady = "true";
    this.#host.removeAttribute("aria-busy");
    this.#host.dataset.ssmSettled = String(this.#settled);
  }

  /** The settings are the page's address, and that of the pages beside it; what else the address said stays. */
  #link(query) {
    const kept = [...new URLSearchParams(location.search)].filter(([name]) => name.startsWith("embed") || name in this.#frame);
    const extra = kept.map(([name, value]) => `&${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("");
    history.replaceState(history.state, "", `${location.pathname}?${query}${extra}${location.hash}`);
    for (const page of document.querySelectorAll("a[data-page]")) page.search = `?${query}`;
  }

  #status(state, more) {
    this.#host.dataset.state = state;
    this.#host.classList.toggle("ssm-slow", more.slow && !more.gone);
    if (state !== "settled") this.#page.say(state, more, "");
  }

  // -------------------------------------------------------------- show

  #names = (c) => this.#problem?.names(c) ?? this.#answer?.names[c] ?? `class ${c}`;

  /** How many classes the problem of some settings has, whether they are counted, and all their names where few enough. */
  #shape(s) {
    const base = this.#problems.base(s, this.#answer?.urls ?? {}), mine = this.#answer?.settings.problem === s.problem && this.#answer.settings.own === s.own;
    const known = base?.scores.length ?? (mine ? this.#answer.view.classes.n : this.#spec.sizes[s.problem]);
    const count = s.problem === "random" ? s.classes : known;
    return count === undefined ? null : { count, counted: base ? base.counts !== null : !(mine && this.#answer.counted === false), all: base?.all ?? null };
  }

  /** Controls say what the settings are. */
  #showControls() {
    const s = this.#settings, shape = this.#shape(s) ?? { count: 2, counted: true, all: null };
    this.#controls.show(s, { ...shape, names: this.#names });
    this.#player.set(s.draw, s.draws, s.average);
    this.#page.showTable(s.problem === "own" ? shape.count : null);
    for (const node of document.querySelectorAll("[data-ribbon]")) say(node, ribbon(s, shape.count, this.#spec.fields));
  }

  #show(view) {
    const from = this.#step;
    this.#step = null;
    this.#view = view;
    this.#grid.show(view, from, this.#player.pace);
    this.#read();
  }

  #read() {
    if (!this.#view) return;
    this.#page.read(this.#view, numbers(this.#view, this.#settings, this.#names), this.#names);
    if (this.#view.draw) this.#player.chips.show(this.#view.draw, this.#names);
  }
}
