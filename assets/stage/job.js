/**
 * A job in the background: started and steered from here, looked at about once a second; what it found is a group of
 * the view. The tab keeps the name under which the server knows its job, so a reload finds it again.
 */

import { button, el, say } from "../controls/dom.js";
import { grouped, number, percent } from "../panels/texts.js";
import { recall, remember } from "./memory.js";

const LOOK = 1000; // ms between looks
const NAME = "ssm-viewer";
const LIVE = ["waiting", "running", "paused"];
const USUAL = "the white";

/** @typedef {{state: string, ahead: number, query: string, kind: string, found: any, answer?: any}} Look as ssm.explorer.ui.jobs.Jobs.look */
/**
 * @typedef {object} Acts
 * @property {() => string} query of the settings as they are now
 * @property {(query: string, how: RequestInit) => Promise<any>} ask the server
 * @property {() => void} grown there is more to show
 * @property {Record<string, any>} fields of the spec
 */

export class Job {
  /** @type {any} */ node;
  /** @type {any} */ below;
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
  #text = el("input", { type: "text", class: "ssm-number ssm-job-text", value: USUAL, maxlength: "200" });
  #told = el("p", { class: "ssm-help", role: "status" });
  #table = el("table", { class: "ssm-table" });

  /** @param {string} kind @param {Acts} acts */
  constructor(kind, acts) {
    this.#kind = kind;
    this.#acts = acts;
    remember(NAME, this.#viewer, "sessionStorage");
    this.node = el("div", { class: "ssm-job" }, this.#start, this.#pause, this.#stop, this.#status);
    const asks = el("label", { class: "ssm-job-ask" }, "What comes after ", this.#text, "?");
    const label = "Each loss and its next words";
    const scroll = el("div", { class: "ssm-scroll", tabindex: "0", role: "region", "aria-label": label }, this.#table);
    this.below = el("section", { class: "ssm-job-below" }, asks, this.#told, scroll);
    this.#text.addEventListener("input", () => this.#soon(300));
    this.#show("idle");
    this.#look();
  }

  /** Follow it until the signal. @param {AbortSignal} signal */
  watch(signal) {
    signal.addEventListener("abort", () => this.#end());
  }

  /** A view with what was found in it. @param {any} view */
  joined(view) {
    return { ...view, [this.#kind]: this.found };
  }

  #end() {
    clearTimeout(this.#timer);
    this.#turn = -1;
  }

  // -------------------------------------------------------------- to the server and back

  #begin() {
    this.found = null;
    return this.#order({ do: "start", kind: this.#kind, query: this.#acts.query() });
  }

  /** @param {Record<string, string>} order */
  #order(order) {
    const headers = { "content-type": "application/json" };
    return this.#exchange({ method: "POST", headers, body: JSON.stringify(order) });
  }

  #look() {
    return this.#exchange({ cache: "no-store" });
  }

  /** One question at a time; the answer to an older one is dropped. @param {RequestInit} how */
  async #exchange(how) {
    clearTimeout(this.#timer);
    if (this.#turn < 0) return;
    const turn = ++this.#turn;
    const text = how.method ? "" : `&text=${encodeURIComponent(this.#text.value)}`;
    try {
      const told = await this.#acts.ask(`viewer=${this.#viewer}${text}`, how);
      if (turn !== this.#turn) return;
      if (told.error) this.#show("refused", told.error);
      else if (told.state === "none") this.#lost();
      else this.#take(told);
    } catch {
      if (turn === this.#turn) this.#show(LIVE.includes(this.#state) || this.#state === "gone" ? "gone" : this.#state);
    }
    if (LIVE.includes(this.#state) || this.#state === "gone") this.#soon(LOOK);
  }

  /** @param {number} ms */
  #soon(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), ms);
  }

  /** @param {Look} look */
  #take(look) {
    if (look.kind !== this.#kind) return this.#show("idle"); // the viewer's job is another page's
    const came = JSON.stringify(look.found?.steps) !== JSON.stringify(this.found?.steps);
    this.#last = look;
    this.found = look.found;
    this.#show(look.state);
    this.#fill(look);
    if (came) this.#acts.grown();
  }

  /** The server knows of no job: it has started anew if there was one, and gets the same again. */
  #lost() {
    const lost = LIVE.includes(this.#state) || this.#state === "gone";
    if (!lost || !this.#last) return this.#show("idle");
    this.#again = true;
    this.#order({ do: "start", kind: this.#kind, query: this.#last.query });
  }

  // -------------------------------------------------------------- what is seen

  #show(state, error = "") {
    this.#state = state;
    const live = LIVE.includes(state);
    say(this.#start, this.#last ? "Restart" : "Start");
    say(this.#pause, state === "paused" ? "Resume" : "Pause");
    this.#pause.disabled = this.#stop.disabled = !live;
    this.node.dataset.job = state;
    say(this.#status, error || [this.#words(state), live && this.#again ? AGAIN : ""].join(" ").trim());
  }

  #words(state) {
    const { ahead = 0 } = this.#last ?? {};
    const waiting = `In line: ${ahead} ${ahead === 1 ? "training goes" : "trainings go"} first.`;
    return { ...WORDS, waiting, running: `Training: ${this.#spent()}.`, paused: `Paused after ${this.#spent()}.` }[
      state
    ];
  }

  #spent() {
    const spent = Object.values(this.found?.spent ?? {});
    const all = spent.length * (this.found?.seconds_each ?? 0);
    const sum = spent.reduce((total, each) => total + each, 0);
    return `${grouped(sum)} of ${grouped(all)} seconds of one core`;
  }

  /** A row for each loss, and what it holds for the next word. @param {Look} look */
  #fill({ found, answer }) {
    if (!found) return;
    if (answer?.error) say(this.#told, answer.error);
    else say(this.#told, answer ? "" : "The models are not here any more; restart to ask them.");
    const heads = HEADS.map((head) => el("th", { scope: "col" }, head));
    const rows = Object.entries(found.arms).map(([arm, curve]) => this.#row(arm, curve, found, answer?.tops?.[arm]));
    this.#table.replaceChildren(el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows));
  }

  #row(arm, curve, found, top) {
    const bias = curve.bias.findLast((value) => value !== null) ?? null;
    const known = (value, spell = number) => (value === undefined || value === null ? "–" : spell(value));
    const cells = [
      grouped(found.steps[arm]),
      number(found.spent[arm]),
      known(curve.perplexity.at(-1)),
      known(curve.corrected.at(-1)),
      known(curve.loss.at(-1)),
      known(bias, percent),
      (top ?? []).map(([word, p]) => `${word} ${percent(p)}`).join(", ") || "–",
    ];
    const head = el("th", { scope: "row" }, this.#acts.fields.losses.words[arm]);
    return el("tr", {}, head, ...cells.map((cell) => el("td", {}, cell)));
  }
}

/** 128 random bits; randomUUID is for secure pages alone. */
const newName = () =>
  [...crypto.getRandomValues(new Uint32Array(4))].map((x) => x.toString(16).padStart(8, "0")).join("");

const HEADS = ["loss", "steps", "seconds", "perplexity", "with log q", "loss trained on", "bias", "next word"];
const AGAIN = "The server had started anew and lost this training; the same one was started again.";
const WORDS = {
  idle: "",
  done: "Done: every loss has had its time.",
  stopped: "Stopped; what was found stays.",
  left: "Ended: this page was not heard of for a while. Restart trains the same again.",
  failed: "The training failed on the server; restart it.",
  gone: "The server does not answer; what was found stays, and it is asked again.",
};
