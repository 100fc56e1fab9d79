/**
 * A job in the background: started and steered from here, looked at about once a second; what it found is a group of
 * the view. The tab keeps the name under which the server knows its job, so a reload finds it again.
 */

import { button, el, say } from "../controls/dom.js";
import { CostTable } from "./cost_table.js";
import { recall, remember } from "./memory.js";
import { TrainingTable } from "./training_table.js";

const LOOK = 1000; // ms between looks
const NAME = "ssm-viewer";
const LIVE = ["waiting", "running", "paused"];
const KINDS = { training: TrainingTable, cost: CostTable };

/** @typedef {{state: string, ahead: number, query: string, kind: string, found: any, answer?: any, known?: any}} Look as ssm.explorer.ui.job_routes.look */
/**
 * @typedef {object} Below what is read below the pictures, and what a kind of job is called
 * @property {any} node
 * @property {Record<string, string>} words for each state
 * @property {[string, string]} called one, and several
 * @property {string|null} text what is asked, if anything
 * @property {(found: any) => string} progress
 * @property {(found: any, look: Look|null) => void} fill
 * @property {(found: any) => string} remark on what is shown, where there is something to say
 * @property {(found: any) => unknown} sign changes when there is more to draw
 */
/**
 * @typedef {object} Acts
 * @property {() => any} settings as they are now
 * @property {(settings: any) => string} query of settings
 * @property {(query: string, how: RequestInit) => Promise<any>} ask the server
 * @property {() => void} grown there is more to show
 * @property {any} spec
 */

export class Job {
  /** @type {any} */ node;
  /** @type {Below} */ #below;
  /** What was found, or null. @type {any} */ found = null;
  #kind;
  /** @type {Acts} */ #acts;
  #viewer = recall(NAME, "sessionStorage") ?? newName();
  #state = "idle";
  /** @type {Look|null} */ #last = null;
  /** @type {any} */ #timer = 0;
  #turn = 0;
  #again = false;
  #start = button("Start", () => this.#begin());
  #pause = button("Pause", () => this.#order({ do: this.#state === "paused" ? "resume" : "pause" }));
  #stop = button("Stop", () => this.#order({ do: "stop" }));
  #status = el("p", { class: "ssm-job-status", role: "status" });

  /** @param {keyof typeof KINDS} kind @param {Acts} acts */
  constructor(kind, acts) {
    this.#kind = kind;
    this.#acts = acts;
    remember(NAME, this.#viewer, "sessionStorage");
    this.node = el("div", { class: "ssm-job" }, this.#start, this.#pause, this.#stop, this.#status);
    this.#below = new KINDS[kind](acts.spec, { settings: acts.settings, asked: () => this.#soon(300) });
    this.#show("idle");
    this.#look();
  }

  /** What is read below the pictures. */
  get below() {
    return this.#below.node;
  }

  /** Follow it until the signal. @param {AbortSignal} signal */
  watch(signal) {
    signal.addEventListener("abort", () => this.#end());
  }

  /** A view with what was found in it. @param {any} view */
  joined(view) {
    return { ...view, [this.#kind]: this.found };
  }

  /** The settings have changed: of others something may be known. */
  chosen() {
    if (!this.#live && this.#state !== "gone") this.#soon(300);
  }

  #end() {
    clearTimeout(this.#timer);
    this.#turn = -1;
  }

  // -------------------------------------------------------------- to the server and back

  get #query() {
    return this.#acts.query(this.#acts.settings());
  }

  #begin() {
    this.found = null;
    return this.#order({ do: "start", query: this.#query });
  }

  /** @param {Record<string, string>} order */
  #order(order) {
    const headers = { "content-type": "application/json" };
    return this.#exchange({ method: "POST", headers, body: JSON.stringify(order) });
  }

  #look() {
    return this.#exchange({ cache: "no-store" });
  }

  /** What the server is asked: whose job, of what kind, and what may be known of the settings. */
  #whose() {
    const asked = { viewer: this.#viewer, kind: this.#kind, query: this.#query };
    const { text } = this.#below;
    return new URLSearchParams(text === null ? asked : { ...asked, text }).toString();
  }

  /** One question at a time; the answer to an older one is dropped. @param {RequestInit} how */
  async #exchange(how) {
    clearTimeout(this.#timer);
    if (this.#turn < 0) return;
    const turn = ++this.#turn;
    try {
      const told = await this.#acts.ask(this.#whose(), how);
      if (turn !== this.#turn) return;
      if (told.error) this.#show("refused", told.error);
      else if (told.state === "none") this.#lost(told);
      else this.#take(told);
    } catch {
      if (turn === this.#turn) this.#show(this.#live || this.#state === "gone" ? "gone" : this.#state);
    }
    if (this.#live || this.#state === "gone") this.#soon(LOOK);
  }

  get #live() {
    return LIVE.includes(this.#state);
  }

  /** @param {number} ms */
  #soon(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), ms);
  }

  /** @param {Look} look */
  #take(look) {
    this.#last = look;
    this.#state = look.state;
    this.#find(look.found, look);
    this.#show(look.state);
  }

  /** The server knows of no job: it has started anew if there was one, and gets the same again. @param {Look} look */
  #lost(look) {
    if ((this.#live || this.#state === "gone") && this.#last) {
      this.#again = true;
      this.#order({ do: "start", query: this.#last.query });
      return;
    }
    this.#state = "idle";
    this.#find(null, look);
    this.#show("idle");
  }

  /** What is shown: of a job that goes on what it has found, else what is known of the settings. @param {Look} look */
  #find(found, look) {
    const before = this.#below.sign(this.found);
    this.found = this.#live ? found : (look.known ?? found);
    if (this.found) this.#below.fill(this.found, look);
    if (this.#below.sign(this.found) !== before) this.#acts.grown();
  }

  // -------------------------------------------------------------- what is seen

  #show(state, error = "") {
    this.#state = state;
    say(this.#start, this.#last ? "Restart" : "Start");
    say(this.#pause, state === "paused" ? "Resume" : "Pause");
    this.#pause.disabled = this.#stop.disabled = !this.#live;
    this.node.dataset.job = state;
    const again = `The server had started anew and lost this ${this.#one}; the same one was started again.`;
    say(this.#status, error || [this.#words(state), this.#live && this.#again && again].filter(Boolean).join(" "));
  }

  get #one() {
    return this.#below.called[0];
  }

  #words(state) {
    const { ahead = 0 } = this.#last ?? {};
    const { called, words } = this.#below;
    const progress = this.found ? this.#below.progress(this.found) : "it begins";
    const said = {
      ...WORDS,
      waiting: `In line: ${ahead} ${ahead === 1 ? `${called[0]} goes` : `${called[1]} go`} first.`,
      running: `Under way: ${progress}.`,
      paused: `Paused: ${progress}.`,
      failed: `The ${this.#one} failed on the server; restart it.`,
      ...words,
    };
    return [said[state], this.#live || !this.found ? "" : this.#below.remark(this.found)].filter(Boolean).join(" ");
  }
}

/** 128 random bits; randomUUID is for secure pages alone. */
const newName = () =>
  [...crypto.getRandomValues(new Uint32Array(4))].map((x) => x.toString(16).padStart(8, "0")).join("");

const WORDS = {
  idle: "",
  stopped: "Stopped; what was found stays.",
  left: "Ended: this page was not heard of for a while. Restart does the same again.",
  gone: "The server does not answer; what was found stays, and it is asked again.",
};
