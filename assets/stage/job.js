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

/** @typedef {{state: string, ahead: number, query: string, kind: string, found: any, answer?: any, known?: any}} Look as ssm.explorer.ui.job_routes.look; the answer to an order has no `answer` */
/**
 * @typedef {object} Below what is read below the pictures, and what a kind of job is called
 * @property {any} node
 * @property {Record<string, string>} words for each state
 * @property {[string, string]} called one, and several
 * @property {string} verb what it does
 * @property {string|null} text what is asked, if anything
 * @property {(found: any) => string} progress
 * @property {(found: any, look: Look|null) => void} fill
 * @property {() => void} clear there is nothing
 * @property {(found: any) => boolean} other whether it was found for another choice than the settings are now
 * @property {(found: any, other: boolean) => string} remark on what is shown, where there is something to say
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
  /** The query of what was found. */ #of = "";
  #kind;
  /** @type {Acts} */ #acts;
  #viewer = nameOfViewer();
  #state = "idle";
  /** @type {Look|null} */ #last = null;
  /** @type {any} */ #timer = 0;
  #turn = 0;
  #again = false;
  #start = button("Start", () => this.#begin());
  #pause = button("Pause", () => this.#order({ do: this.#state === "paused" ? "resume" : "pause" }));
  #stop = button("Stop", () => this.#order({ do: "stop" }));
  #status = el("span", { role: "status" });
  #progress = el("span", {}); // no status: it changes every second, and would be read aloud as often
  #remark = el("span", { role: "status" });

  /** @param {keyof typeof KINDS} kind @param {Acts} acts */
  constructor(kind, acts) {
    this.#kind = kind;
    this.#acts = acts;
    const said = el("p", { class: "ssm-job-status" }, this.#status, " ", this.#progress, " ", this.#remark);
    this.node = el("div", { class: "ssm-job" }, this.#start, this.#pause, this.#stop, said);
    this.#below = new KINDS[kind](acts.spec, { settings: acts.settings, asked: () => this.#soon(300) });
    this.#start.disabled = true; // until there are settings to start with
    this.#show("idle");
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

  /** Of what settings that is, which may not be those of now; null where nothing was found. */
  get origin() {
    return this.found && { kind: this.#kind, query: this.#of };
  }

  /** The settings have changed, or come: of others something may be known. */
  chosen() {
    this.#start.disabled = false;
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
    this.#again = false;
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
    const told = await this.#acts.ask(this.#whose(), how).catch(() => null); // nobody is there, or not our server
    if (turn !== this.#turn) return;
    const ordered = how.method === "POST";
    if (told === null) this.#unheard(ordered);
    else if (told.error) this.#show("refused", told.error);
    else if (told.state === "none") this.#lost(told);
    else {
      this.#take(told);
      if (ordered) return this.#look(); // an order tells neither what the models say nor what others have found
    }
    if (this.#live || this.#state === "gone") this.#soon(LOOK);
  }

  /** There was no answer. @param {boolean} ordered whether to an order */
  #unheard(ordered) {
    if (this.#live || this.#state === "gone") this.#show("gone");
    else this.#show(this.#state, ordered ? "The server does not answer; nothing was started. Try again." : "");
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
    this.#find(look);
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
    this.#find(look);
    this.#show("idle");
  }

  /** What is shown: of a job that goes on what it has found, else what is known of the settings. @param {Look} look */
  #find(look) {
    const before = this.#below.sign(this.found);
    const known = this.#live ? null : (look.known ?? null);
    this.found = known ?? look.found ?? null;
    this.#of = known ? this.#query : look.query;
    if (this.found) this.#below.fill(this.found, look);
    else this.#below.clear();
    if (this.#below.sign(this.found) !== before) this.#acts.grown();
  }

  // -------------------------------------------------------------- what is seen

  #show(state, error = "") {
    this.#state = state;
    const held = [this.#pause, this.#stop].some((node) => node === document.activeElement);
    say(this.#start, this.#last ? "Restart" : "Start");
    say(this.#pause, state === "paused" ? "Resume" : "Pause");
    this.#pause.disabled = this.#stop.disabled = !this.#live;
    if (held && !this.#live) this.#start.focus(); // else the page would have it
    this.node.dataset.job = state;
    say(this.#status, error || this.#words(state));
    say(this.#progress, ["running", "paused"].includes(state) ? this.#progressed : "");
    say(this.#remark, this.#remarks.filter(Boolean).join(" "));
  }

  get #one() {
    return this.#below.called[0];
  }

  #words(state) {
    const { ahead = 0 } = this.#last ?? {};
    const { called, words } = this.#below;
    const said = {
      ...WORDS,
      waiting: `In line: ${ahead} ${ahead === 1 ? `${called[0]} goes` : `${called[1]} go`} first.`,
      failed: `The ${this.#one} failed on the server; restart it.`,
      ...words,
    };
    return said[state] ?? "";
  }

  get #progressed() {
    return `${this.found ? this.#below.progress(this.found) : "it begins"}.`;
  }

  /** What is to be known of a job, and of what is shown. */
  get #remarks() {
    const again = `The server had started anew and lost this ${this.#one}; the same one was started again.`;
    const about = this.#live && this.#again && again;
    if (!this.found) return [about];
    const other = this.#below.other(this.found);
    const choose = `${this.#start.textContent} to ${this.#below.verb} your own choice.`;
    return [about, (other || !this.#live) && this.#below.remark(this.found, other), other && choose];
  }
}

/** The name under which the server knows this frame's job; a tab keeps it over a reload, where it may keep anything. */
function nameOfViewer() {
  const key = `${NAME}${placeOf(window)}`;
  const name = recall(key, "sessionStorage") ?? newName();
  remember(key, name, "sessionStorage");
  return name;
}

/** Where a frame stands in its page: all frames of a tab keep things together. @param {Window} frame */
function placeOf(frame) {
  const { parent } = frame;
  if (parent === frame) return "";
  const beside = Array.from({ length: parent.length }, (_, i) => parent[i]);
  return `${placeOf(parent)} ${beside.indexOf(frame)}`;
}

/** 128 random bits; randomUUID is for secure pages alone. */
const newName = () =>
  [...crypto.getRandomValues(new Uint32Array(4))].map((x) => x.toString(16).padStart(8, "0")).join("");

const WORDS = {
  idle: "",
  running: "Under way:",
  paused: "Paused:",
  stopped: "Stopped; what was found stays.",
  left: "Ended: this page was not heard of for a while. Restart does the same again.",
  gone: "The server does not answer; what was found stays, and it is asked again.",
};
