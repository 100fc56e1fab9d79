/**
 * The stage: controls, panels and player around one Settings record. A change is answered at once by the kernel; when
 * the hand rests the server is asked, and torch's numbers replace the preview.
 */

import { choiceControl, classControl, el, numberControl } from "./controls.js";
import { Panel, series, ticks } from "./figure.js";
import { Handles } from "./handles.js";
import { view as compute } from "./kernel.js";
import { Player } from "./player.js";
import { equation, strip, table } from "./readings.js";
import { directory, Sources } from "./sources.js";
import { fill, grouped, number, plain } from "./words.js";

const REST = 140; // ms without a change, by keys or wheel, before the server is asked
const RELEASE = 10; // ms in which the events of one release follow one another
const PATIENCE = 300; // ms of waiting after which the page says what it waits for
const LIVE = { samples: 100_000, classes: 2_000 }; // what one frame can afford
const FULL = { samples: 2_000_000, classes: 2_000 };
const PANELS = ["scores_full", "scores_sampled", "noise", "gradient_full", "gradient_sampled", "convergence"];
const READ = { scores_full: "score", scores_sampled: "corrected", noise: "noise", gradient_full: "gradient_full", gradient_sampled: "gradient_draw" };
const MEMORY = "ssm-more-controls";

const instances = new WeakMap();

/** Called by Streamlit for every new answer; the stage itself is made once. */
export function mount(component) {
  const { parentElement } = component;
  let stage = instances.get(parentElement);
  if (!stage) {
    stage = new Stage(parentElement, component);
    instances.set(parentElement, stage);
  }
  stage.receive(component.data);
}

export function unmount(parentElement) {
  instances.get(parentElement)?.end();
  instances.delete(parentElement);
}

const loaded = {};

function script(url) {
  loaded[url] ??= new Promise((resolve, reject) => {
    const node = el("script", { src: url, onload: () => resolve(), onerror: () => reject(new Error(url)) });
    document.head.append(node);
  });
  return loaded[url];
}

const json = async (url) => {
  loaded[url] ??= fetch(url).then((answer) => answer.json());
  return loaded[url];
};

class Stage {
  constructor(root, { setStateValue, setTriggerValue, data }) {
    Object.assign(this, { root, setStateValue, setTriggerValue });
    this.base = data.base;
    this.asked = data.answer?.ask ?? 0;
    this.settled = 0;
    this.lit = -1;
    this.memo = {};
    this.pressed = false;
    this.embedded = new URLSearchParams(location.search).get("embed") === "true";
    this.host = root.querySelector(".ssm");
    this.host.classList.toggle("ssm-embedded", this.embedded);
    this.ready = this.#load();
  }

  async #load() {
    try {
      const [spec] = await Promise.all([json(`${this.base}/stage.json`), script(`${this.base}/assets/vendor/plotly-basic.min.js`)]);
      this.spec = spec;
      this.#build();
      await this.#define();
      this.#watch();
    } catch (error) {
      this.host.replaceChildren(el("p", { class: "ssm-error", role: "alert" }, `The panels could not be loaded (${error.message}). Reload the page to try again.`));
      throw error;
    }
  }

  // -------------------------------------------------------------- what the page is made of

  #build() {
    const { fields, problems, preview } = this.spec;
    this.sources = new Sources(this.base, preview, () => this.#arrived());
    const slot = (name, ...content) => el("div", { class: `ssm-${name}` }, ...content);
    this.sentence = el("p", { class: "ssm-sentence" });
    this.error = el("p", { class: "ssm-error", role: "alert", hidden: true });
    this.notes = el("ul", { class: "ssm-notes", "aria-live": "polite" });
    this.player = new Player({
      go: (draw) => this.#go(draw),
      rest: () => this.rest(),
      average: (average) => this.change({ average }),
    });
    this.controls = this.#controls(fields);
    const c = this.controls;
    c.problem.options(problems);
    this.more = el("button", { type: "button", class: "ssm-more", "aria-expanded": "false", onclick: () => this.#drawer(this.drawer.hidden) }, "More controls");
    this.drawer = slot("drawer", ...["spread", "hits", "draws", "seed", "device"].map((name) => c[name].node));
    // A noise's own parameter takes the place of its line of help: nothing moves when another noise is chosen.
    c.noise.node.append(c.power.node, c.temperature.node);
    for (const name of ["power", "temperature"]) c[name].node.classList.add("ssm-inset");
    c.seed.node.append(el("button", { type: "button", class: "ssm-button ssm-wide", onclick: () => this.#newSeed() }, "New seed"));
    this.own = el("button", { type: "button", class: "ssm-button ssm-wide", onclick: () => this.setTriggerValue("own", Date.now()) }, "Paste or load scores…");
    this.reset = el("button", { type: "button", class: "ssm-button ssm-wide", onclick: () => this.change({ edits: [], weights: [] }) }, "Undo dragged bars");
    this.drawer.append(slot("actions", this.own, this.reset));
    this.panels = Object.fromEntries(PANELS.map((name) => [name, this.#panel(name)]));
    this.grid = slot("panels", ...PANELS.map((name) => this.panels[name].figure));
    this.strip = el("dl", { class: "ssm-strip", "aria-label": "Figures of this draw" });
    this.equation = slot("equation");
    this.badge = el("p", { class: "ssm-badge", role: "status" });
    this.table = el("table", { class: "ssm-table" });
    this.details = el("details", { class: "ssm-details" }, el("summary", {}, "Data table"), el("div", { class: "ssm-scroll", tabindex: "0", role: "region", "aria-label": "Data table" }, this.table));
    this.details.addEventListener("toggle", () => this.paint());
    this.host.replaceChildren(
      this.sentence,
      slot("controls", ...["problem", "classes", "samples", "noise", "target"].map((name) => c[name].node), this.more),
      this.drawer, this.error, this.notes, this.player.node, this.grid, this.strip, this.equation,
      slot("foot", this.badge, this.details),
    );
    let open = false;
    try {
      open = localStorage.getItem(MEMORY) === "open";
    } catch {
      // a browser that forbids storage forgets the drawer, no more
    }
    this.#drawer(open && !this.embedded);
  }

  #controls(fields) {
    const made = {};
    const hear = (name) => ({
      tell: (value, live) => this.#chosen(name, value, live),
      refuse: (sentence) => this.say(sentence),
    });
    for (const [name, field] of Object.entries(fields)) {
      if (name === "target") made[name] = classControl(name, field, hear(name));
      else if (field.kind === "choice") made[name] = choiceControl(name, field, hear(name));
      else if (field.kind === "whole" || field.kind === "real") made[name] = numberControl(name, field, hear(name));
    }
    made.device = choiceControl("device", fields.device, hear("device"), this.spec.devices);
    return made;
  }

  #chosen(name, value, live) {
    if (name === "problem") return this.#chooseProblem(value);
    if (name === "classes") {
      const inside = (pairs) => pairs.filter(([c]) => c < value);
      const { target, edits, weights } = this.settings;
      return this.change({ classes: value, target: Math.min(target, value - 1), edits: inside(edits), weights: inside(weights) }, live);
    }
    if (name === "draws") return this.change({ draws: value, draw: Math.min(this.settings.draw, value) }, live);
    return this.change({ [name]: value }, live);
  }

  #chooseProblem(problem) {
    if (problem === "own" && !this.settings.own) {
      this.controls.problem.set(this.settings.problem);
      return this.setTriggerValue("own", Date.now());
    }
    const target = this.spec.targets[problem] ?? null;
    this.change({ problem, target, edits: [], weights: [], draw: 1, average: "all" });
  }

  #newSeed() {
    this.change({ seed: crypto.getRandomValues(new Uint32Array(1))[0], draw: 1 });
  }

  #drawer(open) {
    this.drawer.hidden = !open;
    this.more.setAttribute("aria-expanded", String(open));
    this.more.textContent = open ? "Fewer controls" : "More controls";
    try {
      localStorage.setItem(MEMORY, open ? "open" : "closed");
    } catch {
      // as above
    }
    this.fit?.();
  }

  #panel(name) {
    const title = el("h3", {}), caption = el("figcaption", {}), plot = el("div", { class: "ssm-plot", role: "img" });
    const light = el("div", { class: "ssm-light", hidden: true });
    const holder = el("div", { class: "ssm-holder" }, plot, light);
    const head = el("div", { class: "ssm-panel-head" }, title);
    if (name === "convergence") {
      const { select } = this.controls.view;
      select.removeAttribute("aria-describedby"); // its line of help stays behind
      head.append(select);
    }
    const figure = el("figure", { class: "ssm-panel", "data-panel": name }, head, holder, caption);
    const panel = new Panel(plot, window.Plotly);
    panel.touch = matchMedia("(pointer: coarse)").matches;
    panel.onreset = () => this.paint();
    const made = { name, figure, title, caption, plot, light, panel, holder };
    if (name !== "convergence") {
      holder.addEventListener("pointermove", (event) => this.#point(made, event));
      holder.addEventListener("pointerleave", () => !this.pressed && this.light(-1));
      holder.addEventListener("click", (event) => this.#click(made, event));
    }
    if (name === "scores_full" || name === "noise") {
      made.handles = new Handles(panel, this.#grip(name));
      holder.append(made.handles.node);
    }
    return made;
  }

  /** What a handle on a bar of the scores, or of custom noise, reads and writes. */
  #grip(name) {
    const scores = name === "scores_full", limit = this.spec.fields.edits, weight = this.spec.fields.weights;
    const classAt = (i) => this.view.columns.class[i];
    const pairs = (list, c, value) => [...list.filter(([k]) => k !== c), [c, value]].sort((a, b) => a[0] - b[0]);
    const common = { light: (i) => this.light(i < 0 ? -1 : classAt(i)), choose: (i) => this.#choose(classAt(i)) };
    if (scores) {
      return {
        ...common, what: "score of",
        read: (i) => ({ value: this.view.columns.score[i], low: limit.low, high: limit.high, name: this.names(classAt(i)) }),
        room: (value) => Math.round(value * 100) / 100,
        step: (value, direction, large) => value + direction * (large ? 1 : 0.1),
        write: (i, value, live) => this.change({ edits: pairs(this.settings.edits, classAt(i), value) }, live),
      };
    }
    return {
      ...common, what: "noise weight of",
      read: (i) => ({ value: this.view.columns.noise[i] ?? 0, low: weight.low, high: weight.high, name: this.names(classAt(i)) }),
      room: (value) => Math.max(1e-4, value),
      step: (value, direction, large) => value * (large ? 2 : 1.1) ** direction,
      write: (i, value, live) => this.#weigh(classAt(i), value, live, pairs),
    };
  }

  /** Custom noise: give the class the weight that makes its probability the height it was dragged to. */
  #weigh(c, probability, live, pairs) {
    const given = new Map(this.settings.weights), own = given.get(c) ?? 1;
    let total = this.view.numbers.classes - given.size;
    for (const w of given.values()) total += w;
    const others = total - own, p = Math.min(0.95, Math.max(1e-4, probability));
    const { low, high } = this.spec.fields.weights;
    const weight = Math.min(high, Math.max(low, Number(((others * p) / (1 - p)).toPrecision(4))));
    this.change({ weights: pairs(this.settings.weights, c, weight) }, live);
  }

  #choose(target) {
    if (target !== this.settings.target) this.change({ target });
  }

  // -------------------------------------------------------------- light: one class, everywhere

  #slotAt(made, event) {
    const box = made.holder.getBoundingClientRect();
    const slot = Math.round(made.panel.fromX(event.clientX - box.left));
    return slot >= 0 && slot < (this.view?.columns.class.length ?? 0) ? slot : -1;
  }

  #point(made, event) {
    if (event.pointerType === "touch" || !this.view || made.handles?.dragged != null) return;
    const slot = this.#slotAt(made, event);
    this.light(slot < 0 ? -1 : this.view.columns.class[slot]);
  }

  #click(made, event) {
    const slot = this.#slotAt(made, event);
    if (slot >= 0) this.light(this.view.columns.class[slot]);
  }

  light(c) {
    this.lit = c;
    this.#shine();
  }

  #shine() {
    const slot = this.view ? this.view.columns.class.indexOf(this.lit) : -1;
    for (const made of Object.values(this.panels)) {
      const on = slot >= 0 && READ[made.name];
      made.light.hidden = !on;
      if (on) {
        const { top, height } = made.panel.box, left = made.panel.toX(slot - 0.5), right = made.panel.toX(slot + 0.5);
        made.light.style.cssText = `left:${left}px;top:${top}px;width:${right - left}px;height:${height}px`;
      }
      const text = on ? this.#reading(made.name, slot) : this.#caption(made.name);
      if (made.caption.textContent !== text) made.caption.textContent = text;
      made.caption.classList.toggle("ssm-reading", Boolean(on));
    }
  }

  #reading(name, slot) {
    const { columns: c, numbers: v } = this.view;
    const who = `${this.names(this.lit)}: `;
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
    const { words } = this.spec;
    if (name === "noise" && this.settings?.noise === "custom") return words.custom_caption;
    if (name === "convergence" && this.settings?.view === "classes") return words.classes_caption;
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

  async #define() {
    this.theme = this.themeName;
    const inks = this.spec.themes[this.theme];
    for (const [name, colour] of Object.entries(inks)) if (typeof colour === "string") this.host.style.setProperty(`--ssm-${name}`, colour);
    for (const [name, colour] of Object.entries(inks.text)) this.host.style.setProperty(`--ssm-text-${name}`, colour);
    this.height = this.#plotHeight();
    await Promise.all(Object.values(this.panels).map((made) => made.panel.define(this.#specName(made.name), this.spec.panels[this.theme][this.#specName(made.name)], this.height)));
    this.#size();
  }

  #specName(name) {
    return name === "convergence" && this.settings?.view === "classes" ? "convergence_classes" : name;
  }

  /** As tall as lets both rows of panels be seen at once, within reason. */
  #plotHeight() {
    const width = this.host.clientWidth, columns = width >= 900 ? 3 : width >= 560 ? 2 : 1;
    if (columns === 1) return 220;
    const top = this.grid.getBoundingClientRect().top - this.host.getBoundingClientRect().top + this.#scrolled();
    const rows = 2, beside = this.embedded ? 34 : 46;
    const room = (window.innerHeight - top - 8) / rows - beside;
    return Math.max(this.embedded ? 130 : 168, Math.min(340, Math.floor(room)));
  }

  #scrolled() {
    const frame = this.host.closest("[data-testid='stMain']");
    return frame ? this.host.getBoundingClientRect().top - frame.getBoundingClientRect().top + frame.scrollTop + frame.getBoundingClientRect().top : 0;
  }

  #size() {
    for (const { panel, holder } of Object.values(this.panels)) panel.resize(holder.clientWidth, this.height);
  }

  #watch() {
    this.fit = () => {
      const height = this.#plotHeight(), width = this.host.clientWidth;
      if (height === this.height && width === this.width) return;
      Object.assign(this, { height, width });
      this.#size();
      this.paint();
    };
    this.resized = new ResizeObserver(() => requestAnimationFrame(this.fit));
    this.resized.observe(this.host);
    addEventListener("resize", this.fit);
    this.themed = setInterval(() => this.themeName !== this.theme && this.#define().then(() => this.paint()), 500);
    this.host.addEventListener("pointerdown", () => (this.pressed = true));
    this.up = () => {
      this.released = this.pressed;
      setTimeout(() => (this.released = false), RELEASE);
      this.pressed = false;
      if (this.waiting) this.receive(this.waiting);
    };
    addEventListener("pointerup", this.up, true); // before the control hears of it
    addEventListener("pointercancel", this.up);
  }

  end() {
    this.player?.pause();
    clearInterval(this.themed);
    clearTimeout(this.resting);
    clearTimeout(this.slow);
    this.resized?.disconnect();
    removeEventListener("resize", this.fit);
    removeEventListener("pointerup", this.up, true);
    removeEventListener("pointercancel", this.up);
  }

  // -------------------------------------------------------------- change, preview, ask, answer

  /** The viewer chose something. `live`: the hand is still moving. */
  change(patch, live = false) {
    this.say("");
    this.settings = { ...this.settings, ...patch };
    if ("view" in patch) this.#redefine("convergence");
    this.moving = live;
    clearTimeout(this.resting);
    // A hand that lets go has seen its picture: torch's is drawn next, the page's own only if torch is slow.
    if (!live && this.released) this.late = setTimeout(() => this.preview(), PATIENCE / 2);
    else {
      this.frame ??= requestAnimationFrame(() => {
        this.frame = null;
        this.preview();
      });
    }
    if (!live) this.rest();
  }

  rest() {
    this.moving = false;
    clearTimeout(this.resting);
    if (this.released) return this.ask();
    this.resting = setTimeout(() => this.ask(), REST);
  }

  /** A step of the player. Where the page cannot compute, the next step waits for torch. */
  #go(draw) {
    if (this.local) return this.change({ draw, average: "so_far" }, true);
    if (!this.pending) this.change({ draw, average: "so_far" });
  }

  /** The problem as the page holds it, or null where torch alone has it. */
  get local() {
    return this.settings ? this.sources.problem(this.settings, this.urls) : null;
  }

  async #redefine(name) {
    const { panel } = this.panels[name];
    await panel.define(this.#specName(name), this.spec.panels[this.theme][this.#specName(name)], this.height);
    this.#size();
    this.paint();
  }

  preview() {
    clearTimeout(this.late);
    const s = this.settings;
    this.#show();
    const problem = this.local;
    const idle = !this.moving || this.player.playing;
    if (problem && s.target !== null && !(s.noise === "unigram" && !problem.counts)) {
      this.problem = problem;
      this.view = this.#carry(compute(problem, s, idle && s.draws * s.samples <= FULL.samples ? FULL : LIVE, this.memo));
      this.host.classList.remove("ssm-stale");
      this.state("preview");
    } else {
      this.host.classList.add("ssm-stale");
      this.state("asking");
    }
    this.paint();
  }

  /** What the page leaves to torch, kept from torch's last answer while it still holds. */
  #carry(view) {
    const same = (s) => JSON.stringify({ ...s, draw: 0, average: 0, view: 0 });
    if (!this.answer || same(this.settings) !== same(this.answer.settings) || view.columns.gradient_exact) return view;
    const { columns, numbers } = this.answer;
    const known = (key) => {
      const by = new Map(columns.class.map((c, i) => [c, columns[key][i]]));
      return view.columns.class.map((c) => by.get(c) ?? null);
    };
    const kept = Object.fromEntries(["checkpoints", "errors", "watched", "watched_full", "watched_exact", "watched_mean"].map((key) => [key, columns[key]]));
    const { floor, variance, loss_exact } = numbers;
    return {
      columns: { ...view.columns, ...kept, gradient_exact: known("gradient_exact"), gradient_variance: known("gradient_variance") },
      numbers: { ...view.numbers, floor, variance, loss_exact },
    };
  }

  ask() {
    const query = toQuery(this.settings, this.spec.fields);
    if (query === this.pending) return;
    this.pending = query;
    this.asked += 1;
    this.state("asking");
    clearTimeout(this.slow);
    this.slow = setTimeout(() => {
      this.host.classList.add("ssm-slow");
      this.badge.textContent = "torch is computing…";
    }, PATIENCE);
    this.since = performance.now();
    this.setStateValue("ask", { ask: this.asked, query });
  }

  /** An answer of the server: adopted unless it is old, or the hand is moving. */
  async receive(data) {
    await this.ready;
    const { answer } = data;
    if (!answer) return this.#first();
    if (answer.ask < this.asked || answer.serial === this.serial) return;
    this.waiting = data;
    if (this.pressed || (this.local && (this.moving || this.player.playing))) return;
    this.waiting = null;
    this.serial = answer.serial;
    this.asked = answer.ask;
    this.urls = answer.urls;
    clearTimeout(this.slow);
    clearTimeout(this.late);
    this.pending = null;
    this.host.classList.remove("ssm-slow");
    this.#tell(answer.notes);
    if (answer.error) this.#refused(answer);
    else this.#adopt(answer);
    this.settled += 1;
    this.host.dataset.ssmReady = "true";
    this.host.removeAttribute("aria-busy");
    this.host.dataset.ssmSettled = String(this.settled);
  }

  /** The link asks for much: the page stands already, and says what it waits for. */
  #first() {
    if (this.asked > 0) return;
    this.asked = 1;
    this.sentence.textContent = "Torch is computing the first picture…";
    this.setStateValue("ask", { ask: 1, query: location.search.slice(1), first: true });
  }

  #refused(answer) {
    if (!this.settings) this.settings = answer.settings;
    this.say(answer.error, this.answer && "Back to the last picture");
    this.state("refused");
    this.#show();
  }

  #adopt(answer) {
    const before = this.settings?.view;
    this.answer = answer;
    this.settings = answer.settings;
    this.error.hidden = true;
    this.host.classList.remove("ssm-stale");
    this.view = answer;
    this.#compare();
    this.#show();
    if (before !== undefined && before !== this.settings.view) this.#redefine("convergence");
    else if (before === undefined && this.settings.view === "classes") this.#redefine("convergence");
    else this.paint();
    this.#link(answer.query);
  }

  /** The page computes what torch computed, and says how far apart the two are. */
  #compare() {
    const s = this.settings;
    this.problem = this.local;
    const page = this.problem && s.draws * s.samples <= FULL.samples ? compute(this.problem, s, FULL, this.memo) : null;
    this.state("settled", page && apart(page, this.answer));
  }

  /** A problem has arrived: what is shown can be checked, and what waits for it previewed. */
  #arrived() {
    if (this.host.dataset.state === "settled") this.#compare();
    else this.preview();
    this.#show();
  }

  #link(query) {
    const kept = [...new URLSearchParams(location.search)].filter(([name]) => name.startsWith("embed"));
    const extra = kept.map(([name, value]) => `&${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("");
    history.replaceState(history.state, "", `${location.pathname}?${query}${extra}${location.hash}`);
  }

  /** "preview" while the page's own numbers are shown, "asking", "settled" with torch's, or "refused". */
  state(name, difference = null) {
    this.host.dataset.state = name;
    if (name === "settled") {
      const where = this.spec.devices[this.answer.device] ?? this.answer.device;
      const match = difference === null ? "torch's own numbers" : `page vs torch: ${difference === 0 ? "0" : difference.toExponential(0)}`;
      this.badge.textContent = `${match} · computed on ${where}`;
    } else if (name === "preview") this.badge.textContent = "the page's preview, torch follows";
    else if (name === "refused") this.badge.textContent = "the last good picture";
    else this.badge.textContent = "asking torch…";
  }

  /** A sentence about what cannot be done; the picture stays. */
  say(sentence, back = null) {
    if (!sentence && this.error.hidden) return;
    this.error.hidden = !sentence;
    this.error.replaceChildren(sentence);
    if (sentence && back) this.error.append(" ", el("button", { type: "button", class: "ssm-button ssm-wide", onclick: () => this.change({ ...this.answer.settings }) }, back));
    this.fit?.();
  }

  #tell(notes) {
    this.notes.replaceChildren(...notes.map((note) => el("li", {}, note)));
    if (notes.length) this.notes.append(el("li", {}, el("button", { type: "button", class: "ssm-button ssm-wide", onclick: () => this.#tell([]) }, "Dismiss")));
    this.fit?.();
  }

  // -------------------------------------------------------------- paint

  names = (c) => this.answer?.names[c] ?? (this.problem ? this.problem.names(c) : `class ${c}`);

  /** Controls say what the settings are. */
  #show() {
    const s = this.settings, c = this.controls, n = this.#count();
    const random = s.problem === "random";
    c.problem.set(s.problem);
    c.classes.set(random ? s.classes : n, { fixed: !random });
    c.classes.help(random ? this.spec.fields.classes.help : `Fixed by ${s.problem === "own" ? "your table" : "the example"}.`);
    c.samples.set(s.samples, { high: Math.min(10_000, Math.max(20, 2 * n)) });
    c.noise.set(s.noise);
    c.noise.disable(this.answer?.counted === false && s.problem === this.answer.settings.problem ? ["unigram"] : []);
    for (const name of ["spread", "power", "temperature", "hits", "draws", "seed", "device", "view"]) c[name].set(s[name]);
    c.power.node.hidden = s.noise !== "unigram";
    c.temperature.node.hidden = s.noise !== "softmax";
    c.noise.node.classList.toggle("ssm-with-inset", ["unigram", "softmax"].includes(s.noise));
    c.spread.node.hidden = !random;
    const all = this.sources.base(s, this.urls)?.all;
    const named = all ? (k) => all[k] : this.names;
    const key = `${s.problem} ${s.own} ${n} ${all ? "named" : ""}`;
    if (this.listing?.key !== key) this.listing = directory(key, n, named, all);
    if (s.target !== null) c.target.set(s.target, this.listing);
    this.own.hidden = s.problem !== "own";
    this.reset.disabled = s.edits.length + s.weights.length === 0;
    this.player.set(s.draw, s.draws, s.average);
    this.panels.noise.holder.classList.toggle("ssm-draggable", s.noise === "custom");
  }

  #count() {
    const s = this.settings;
    if (s.problem === "random") return s.classes;
    return this.sources.base(s, this.urls)?.scores.length ?? this.answer?.numbers.classes ?? this.spec.sizes[s.problem] ?? 2;
  }

  paint() {
    if (!this.view) return;
    const { words, layout } = this.spec, { numbers } = this.view;
    const all = series(this.view, this.names, layout);
    const growOnly = this.moving || this.player.playing;
    fill(this.sentence, words.sentence, numbers, words.integers);
    for (const made of Object.values(this.panels)) {
      const { panel, name } = made;
      const tick = name === "convergence" ? null : ticks(all, numbers.target, panel.plotWidth, this.spec.themes[this.theme].text.target);
      panel.draw(all, { ...layout, growOnly, dragging: this.pressed && this.moving }, tick);
      set(made.title, plain(words.titles[name], numbers, words.integers));
      made.plot.setAttribute("aria-label", plain(words.labels[name], numbers, words.integers));
    }
    strip(this.strip, words, numbers);
    equation(this.equation, this.view, this.names);
    if (this.details.open) table(this.table, this.view, this.names);
    this.#grips();
    this.#shine();
  }

  #grips() {
    const count = this.view.columns.class.length;
    this.panels.scores_full.handles.place(count);
    this.panels.noise.handles.place(this.settings.noise === "custom" ? count : 0);
  }
}

const set = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

/** The link of some settings: every field that is not at its default. */
export function toQuery(settings, fields) {
  const spelled = Object.entries(fields).flatMap(([name, field]) => {
    const value = settings[name];
    if (value === null || value === field.default || (Array.isArray(value) && value.length === 0)) return [];
    const text = Array.isArray(value) ? value.map((pair) => pair.join(":")).join(",") : String(value);
    return [`${name}=${encodeURIComponent(text)}`];
  });
  return ["v=1", ...spelled].join("&");
}

/** The largest difference between the page's numbers and torch's, over all that both have. */
export function apart(page, torch) {
  let most = 0;
  const hold = (a, b) => {
    if (Array.isArray(a)) a.forEach((value, i) => hold(value, b[i]));
    else if (typeof a === "number" && typeof b === "number") most = Math.max(most, Math.abs(a - b));
    else if ((a ?? null) !== (b ?? null)) most = Infinity;
  };
  for (const part of ["columns", "numbers"]) {
    for (const [name, value] of Object.entries(page[part])) if (name in torch[part]) hold(value, torch[part][name]);
  }
  return most;
}
