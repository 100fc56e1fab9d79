/**
 * The explorer: one Settings record and what happens to it. A change is answered at once by the kernel; when the hand
 * rests the dialogue asks what is behind the page, and torch's numbers replace the preview.
 */

import { el, say } from "../controls/dom.js";
import { view as compute } from "../kernel/view.js";
import { apart } from "./agreement.js";
import { carried, late } from "./carry.js";
import { Dialogue } from "./dialogue.js";
import { GivingBack } from "./giving_back.js";
import { agreementWords } from "./page.js";
import { Parts } from "./parts.js";
import { Problems } from "./problems.js";
import { patched, toQuery } from "./settings.js";

const LIVE = { samples: 100_000, classes: 20_000, exponentials: 1_000_000 }; // what one frame can afford
const FULL = { samples: 2_000_000, classes: 20_000, exponentials: 10_000_000 };

export class Explorer {
  #host;
  #name;
  #frame;
  /** @type {import("./line.js").Line} */ #line;
  /** @type {Promise<void>} */ #ready;
  /** @type {any} */ #spec = null;
  /** @type {any} */ #settings = null;
  /** @type {string[]} */ #repairs = [];
  /** Torch's last. @type {any} */ #answer = null;
  /** The last that was adopted, whoever computed it. @type {any} */ #last = null;
  /** @type {any} */ #view = null;
  /** Names of the classes of the view that is shown. @type {(c: number) => string} */ #names = (c) => `class ${c}`;
  /** @type {number[]|null} */ #keep = null;
  /** @type {any} */ #stepped = null;
  /** @type {Problems} */ #problems;
  /** @type {Parts} */ #parts;
  /** @type {Dialogue} */ #dialogue;
  #giving;
  #memo = {};
  #settled = 0;
  #ends = new AbortController();

  /** @param {any} host the stage's element @param {import("./line.js").Line} line @param {{page: string, frame: any, answer?: any}} data */
  constructor(host, line, data) {
    this.#name = data.page;
    this.#frame = data.frame;
    this.#line = line;
    this.#host = host;
    this.#host.classList.toggle("ssm-embedded", line.embedded);
    this.#giving = new GivingBack((table) => line.table(table), this.#ends.signal);
    this.#dialogue = new Dialogue(this.#doors(), data.answer?.ask ?? 0);
    this.#ready = this.#load();
  }

  async #load() {
    try {
      const [spec] = await Promise.all([this.#line.spec(), this.#line.plotly()]);
      this.#spec = spec;
      this.#problems = new Problems(spec.preview, this.#line.problem, () => this.#arrived(), this.#line.held);
      this.#parts = new Parts(spec, this.#page, this.#host, this.#acts());
      this.#parts.frame(this.#frame);
      await this.#parts.grid.define();
      this.#watch();
    } catch (error) {
      const words = `The panels could not be loaded (${error.message}). Reload the page to try again.`;
      this.#host.replaceChildren(el("p", { class: "ssm-error", role: "alert" }, words));
      throw error;
    }
  }

  /** The record of this page. */
  get #page() {
    return this.#spec.pages[this.#name];
  }

  /** What the dialogue works through. @returns {import("./dialogue.js").Doors} */
  #doors() {
    return {
      after: (ms, act) => setTimeout(act, ms),
      cancel: (timer) => clearTimeout(timer),
      frame: (act) => requestAnimationFrame(act),
      query: () => toQuery(this.#settings, this.#spec.fields),
      send: (question) => this.#line.ask(question, () => this.#own()),
      alive: this.#line.alive,
      preview: () => this.#preview(),
      busy: () => this.#parts.player.playing || this.#parts.grid.moving,
      adopt: (answer) => this.#adopt(answer),
      refuse: (answer) => this.#refuse(answer),
      status: (state, more) => this.#status(state, more),
    };
  }

  /** What the parts of the page can do. @returns {import("./parts.js").Acts} */
  #acts() {
    return {
      settings: () => this.#settings,
      change: (patch, live) => this.#change(patch, live),
      go: (draw, by) => this.#go(draw, by),
      names: (c) => this.#names(c),
      hold: (on) => this.#hold(on),
      moving: () => this.#dialogue.moving,
      pressed: () => this.#dialogue.pressed,
      rest: () => this.#dialogue.rest(),
      settle: () => this.#dialogue.settle(),
      line: this.#line,
      grown: () => this.#answer && this.#show(this.#answer.view, this.#listed()),
    };
  }

  #watch() {
    const { signal } = this.#ends;
    this.#host.addEventListener("pointerdown", () => this.#dialogue.press(), { signal });
    addEventListener("pointerup", () => this.#dialogue.release(), { capture: true, signal }); // before the control hears of it
    addEventListener("pointercancel", () => this.#dialogue.release(), { signal });
    this.#line.onceBack(this.#host, () => this.#dialogue.back(), signal);
    this.#parts.watch(signal);
  }

  end() {
    this.#parts?.player.pause();
    this.#dialogue.end();
    this.#ends.abort();
  }

  // -------------------------------------------------------------- change, preview

  /** The viewer chose something. `live`: the hand is still moving. */
  #change(patch, live = false) {
    const { page, grid } = this.#parts;
    page.refuse("");
    grid.finish();
    const shape = this.#shape({ ...this.#settings, ...patch });
    const kept = shape && { classes: shape.count, counted: shape.counted };
    const [settings, repairs] = patched(this.#settings, patch, kept, this.#spec.fields);
    this.#settings = { ...settings, target: settings.target ?? this.#spec.targets[settings.problem] ?? null };
    this.#repairs = repairs;
    page.note(repairs);
    this.#dialogue.change(live);
  }

  /** A step of the player. Where the page cannot compute, the next step waits for torch. */
  #go(draw, by) {
    if (!this.#local && this.#dialogue.waiting) return;
    const patch = this.#parts.allowed({ draw, average: "so_far" });
    this.#change(patch, this.#local !== null && this.#parts.player.playing);
    this.#stepped = by === 1 ? this.#view : null;
  }

  /** The classes hold still where they are while a hand is on one of them. */
  #hold(on) {
    this.#keep = on ? [...this.#view.classes.index] : null;
    if (on) return;
    if (this.#isTorch) this.#show(this.#answer.view, this.#listed());
    else this.#preview();
  }

  /** Whether torch's numbers are on the screen. */
  get #isTorch() {
    return this.#host.dataset.state === "settled" && !this.#last?.own;
  }

  /** The problem as the page holds it, or null where torch alone has it. */
  get #local() {
    return this.#settings ? this.#problems.problem(this.#settings, this.#answer?.urls ?? {}) : null;
  }

  /** Whether the page can compute what is asked of a problem. */
  #able(problem) {
    const s = this.#settings;
    return problem !== null && s.target !== null && !(s.noise === "unigram" && !problem.counts);
  }

  #preview() {
    const s = this.#settings;
    const problem = this.#local;
    const able = this.#able(problem);
    if (able) {
      const own = this.#compute(problem, this.#dialogue.moving ? LIVE : FULL);
      this.#show(carried(own, s, this.#answer, this.#spec.alone), problem.names);
    }
    this.#host.classList.toggle("ssm-stale", !able);
    this.#choose();
    return able;
  }

  /** The page's own view of the settings. */
  #compute(problem, budget) {
    const s = this.#settings;
    const afforded = s.draws * s.samples <= FULL.samples ? budget : LIVE;
    const { constants } = this.#spec;
    const options = { constants, needs: this.#page.needs, budget: afforded, memo: this.#memo, keep: this.#keep };
    return compute(problem, s, options);
  }

  // -------------------------------------------------------------- answers

  /** @param {any} data what Python hands over */
  async receive({ answer }) {
    await this.#ready;
    if (answer) return this.#bring(answer) || this.#dialogue.receive(answer);
    say(this.#parts.page.sentence, "Torch is computing the first picture…"); // the link asks for much
    this.#dialogue.first(this.#line.query);
  }

  /** Give a table back that the server has lost; whether the page has it, so that a better answer will come. */
  #bring({ missing }) {
    this.#giving.stop();
    const table = missing ? this.#problems.kept(missing) : null;
    if (table !== null) this.#giving.start(table);
    return table !== null;
  }

  #refuse(answer) {
    const last = this.#last;
    this.#settings ??= answer.settings;
    this.#parts.page.note([...this.#repairs, ...answer.notes]);
    this.#parts.page.refuse(answer.error, last && (() => this.#change({ ...last.settings })));
    this.#choose();
    this.#settle();
  }

  #adopt(answer) {
    this.#last = answer;
    this.#settings = answer.settings;
    this.#parts.page.note([...this.#repairs, ...answer.notes]);
    this.#parts.page.refuse("");
    this.#host.classList.remove("ssm-stale");
    if (answer.own) this.#claim(answer);
    else this.#confirm(answer);
    this.#choose();
    this.#line.write(this.#parts.story?.spelled(answer.query) ?? answer.query, this.#frame);
    this.#settle();
  }

  /** Torch's numbers replace the page's. */
  #confirm(answer) {
    this.#answer = answer;
    const own = this.#compare();
    const { alone } = this.#spec;
    this.#show(this.#keep && own ? carried(own, this.#settings, answer, alone) : answer.view, this.#listed());
  }

  /** The page's own numbers stand by themselves. */
  #claim({ view, names }) {
    this.#parts.page.say("settled", {}, this.#line.words.preview);
    this.#show(view, names);
  }

  /** What the page itself has for its settings, torch's part as it was; no view where it cannot compute one. */
  #own() {
    const s = this.#settings;
    const problem = this.#local;
    const { alone, fields } = this.#spec;
    const view = this.#able(problem) ? carried(this.#compute(problem, FULL), s, this.#answer, alone) : null;
    const stale = view !== null && late(s, this.#answer, alone, view).size > 0;
    return { query: toQuery(s, fields), settings: s, view, names: problem?.names, stale };
  }

  /** The page computes what torch computed, and says how far apart the two are. */
  #compare() {
    const s = this.#settings;
    const { device, view } = this.#answer;
    const problem = this.#local;
    const own = problem && s.draws * s.samples <= FULL.samples ? this.#compute(problem, FULL) : null;
    const shared = this.#page.needs.some((group) => !(group in this.#spec.alone));
    const same = own && shared && String(own.classes.index) === String(view.classes.index);
    const words = agreementWords(same ? apart(own, view) : null, this.#spec.devices[device] ?? device);
    this.#parts.page.say("settled", {}, words);
    return own;
  }

  /** A problem has arrived: what is shown can be checked, and what waits for it previewed. */
  #arrived() {
    if (this.#isTorch) this.#compare();
    else this.#preview();
    this.#choose();
  }

  /** What was asked is on the screen. */
  async #settle() {
    await this.#parts.grid.ready;
    this.#settled += 1;
    this.#host.removeAttribute("aria-busy");
    Object.assign(this.#host.dataset, { ssmReady: "true", ssmSettled: String(this.#settled) });
  }

  #status(state, more) {
    this.#host.dataset.state = state;
    this.#host.classList.toggle("ssm-slow", more.slow && !more.gone);
    if (state !== "settled") this.#parts.page.say(state, more, "");
  }

  // -------------------------------------------------------------- show

  /** What is known of the problem of some settings. */
  #shape(s) {
    return this.#problems.shape(s, this.#answer, this.#spec.sizes);
  }

  /** Controls say what the settings are. */
  #choose() {
    this.#parts.choose(this.#settings, this.#shape(this.#settings) ?? { count: 2, counted: true, all: null });
  }

  /** Names as the answer gives them, and beyond its view those of the problem where the page has it. */
  #listed() {
    const { names } = this.#answer;
    const all = this.#local?.names ?? ((c) => `class ${c}`);
    return (c) => names[c] ?? all(c);
  }

  /** A view and the names of its own classes: never those of another. */
  #show(view, names) {
    const from = this.#stepped;
    this.#stepped = null;
    this.#view = this.#parts.job?.joined(view) ?? view;
    this.#names = names;
    this.#parts.show(this.#view, from, late(this.#settings, this.#answer, this.#spec.alone, view));
  }
}
