/**
 * The stage: one Settings record and what happens to it. A change is answered at once by the kernel; when the hand
 * rests the server is asked, and torch's numbers replace the preview. The desk holds the controls, the scene the panels.
 */

import { el } from "./controls.js";
import { Desk } from "./desk.js";
import { view as compute } from "./kernel.js";
import { apart, toQuery } from "./links.js";
import { Player } from "./player.js";
import { equation, strip, table } from "./readings.js";
import { Scene } from "./scene.js";
import { Sources } from "./sources.js";
import { fill } from "./words.js";

const REST = 140; // ms without a change, by keys or wheel, before the server is asked
const RELEASE = 10; // ms in which the events of one release follow one another
const PATIENCE = 300; // ms of waiting after which the page says what it waits for
const LOOK = 500; // ms between looks at the theme
const LIVE = { samples: 100_000, classes: 2_000 }; // what one frame can afford
const FULL = { samples: 2_000_000, classes: 2_000 };

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
    Object.assign(this, { setStateValue, setTriggerValue, base: data.base });
    this.asked = data.answer?.ask ?? 0;
    this.settled = 0;
    this.memo = {};
    this.pressed = this.moving = this.released = false;
    this.host = root.querySelector(".ssm");
    this.host.classList.toggle("ssm-embedded", new URLSearchParams(location.search).get("embed") === "true");
    this.ready = this.#load();
  }

  async #load() {
    try {
      const [spec] = await Promise.all([json(`${this.base}/stage.json`), script(`${this.base}/assets/vendor/plotly-basic.min.js`)]);
      this.spec = spec;
      this.#build();
      await this.scene.define();
      this.#watch();
    } catch (error) {
      this.host.replaceChildren(el("p", { class: "ssm-error", role: "alert" }, `The panels could not be loaded (${error.message}). Reload the page to try again.`));
      throw error;
    }
  }

  #build() {
    this.sources = new Sources(this.base, this.spec.preview, () => this.#arrived());
    const settings = () => this.settings, change = (patch, live) => this.change(patch, live);
    this.desk = new Desk(this.spec, this.host.classList.contains("ssm-embedded"), {
      settings, change, say: (sentence) => this.say(sentence), own: () => this.setTriggerValue("own", Date.now()), moved: () => this.fit?.(),
    });
    this.scene = new Scene(this.spec, this.host, this.desk.viewSwitch, {
      settings, change, names: this.names, dragging: () => this.pressed && this.moving, repaint: () => this.paint(),
    });
    this.player = new Player({ go: (draw) => this.#go(draw), rest: () => this.rest(), average: (average) => this.change({ average }) });
    this.sentence = el("p", { class: "ssm-sentence" });
    this.error = el("p", { class: "ssm-error", role: "alert", hidden: true });
    this.notes = el("ul", { class: "ssm-notes", "aria-live": "polite" });
    this.strip = el("dl", { class: "ssm-strip", "aria-label": "Figures of this draw" });
    this.equation = el("div", { class: "ssm-equation" });
    this.badge = el("p", { class: "ssm-badge", role: "status" });
    this.table = el("table", { class: "ssm-table" });
    const scroll = el("div", { class: "ssm-scroll", tabindex: "0", role: "region", "aria-label": "Data table" }, this.table);
    this.details = el("details", { class: "ssm-details", ontoggle: () => this.paint() }, el("summary", {}, "Data table"), scroll);
    this.host.replaceChildren(
      this.sentence, this.desk.front, this.desk.drawer, this.error, this.notes, this.player.node, this.scene.node, this.strip,
      this.equation, el("div", { class: "ssm-foot" }, this.badge, this.details),
    );
  }

  #watch() {
    this.fit = () => this.scene.fit();
    this.resized = new ResizeObserver(() => requestAnimationFrame(this.fit));
    this.resized.observe(this.host);
    addEventListener("resize", this.fit);
    this.themed = setInterval(() => this.scene.themeName !== this.scene.theme && this.scene.define().then(() => this.paint()), LOOK);
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
    for (const timer of [this.resting, this.slow, this.late]) clearTimeout(timer);
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
    if ("view" in patch) this.scene.turn();
    this.moving = live;
    clearTimeout(this.resting);
    clearTimeout(this.late);
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
    if ((before ?? "distance") === this.settings.view) this.paint();
    else this.scene.turn();
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

  // -------------------------------------------------------------- show

  names = (c) => (this.problem ? this.problem.names(c) : (this.answer?.names[c] ?? `class ${c}`));

  /** Controls say what the settings are. */
  #show() {
    const s = this.settings, base = this.sources.base(s, this.urls), mine = this.answer?.settings.problem === s.problem;
    this.desk.show(s, {
      count: s.problem === "random" ? s.classes : (base?.scores.length ?? (mine ? this.answer.numbers.classes : (this.spec.sizes[s.problem] ?? 2))),
      counted: !(mine && this.answer.counted === false),
      names: this.names,
      all: base?.all ?? null,
    });
    this.player.set(s.draw, s.draws, s.average);
  }

  paint() {
    if (!this.view) return;
    const { words } = this.spec, { numbers } = this.view;
    fill(this.sentence, words.sentence, numbers, words.integers);
    this.scene.paint(this.view, this.moving || this.player.playing);
    strip(this.strip, words, numbers);
    equation(this.equation, this.view, this.names);
    if (this.details.open) table(this.table, this.view, this.names);
  }
}
