/** The question before a change: answered on the chart or by a pick, skipped, or asked again; it stops nothing. */

import { button, el, say } from "../controls/dom.js";
import { fill, plain } from "../panels/texts.js";
import { outcome } from "./chapters.js";
import { Guess } from "./guess.js";

/**
 * @typedef {object} Acts
 * @property {(record: any) => boolean} state whether a record's state is on the screen
 * @property {(record: any) => void} lead to a record's state
 * @property {(name: string) => any} figure a panel as it stands on the page
 * @property {() => boolean} own whether the chapter's own state is on the screen: what is asked is asked of that
 * @property {() => void} restore the chapter's own state
 * @typedef {"elsewhere"|"asked"|"marking"|"waiting"|"answered"} Step
 */

const ELSEWHERE = "This is asked of the chapter's own state. Go back to that to be asked.";

export class Question {
  /** @type {any} */ node;
  #asked = el("p", { class: "ssm-question" });
  #said = el("p", { class: "ssm-said-of-it", role: "status" });
  #acts;
  #guess = new Guess({ changed: () => this.#marked(), done: () => this.#answer(this.#guess.value) });
  #predict = /** @type {any} */ (null);
  /** @type {Step} */ #step = "asked";
  #posed = false; // whether its numbers have been said
  /** @type {number|null} */ #given = null;
  #begin = button("Mark it on the chart", () => this.#mark());
  #show = button("Show what happens", () => this.#answer(this.#guess.value));
  #skip = button("Skip, just show it", () => this.#answer(null));
  #again = button("Ask me again", () => this.#reset());
  #options = el("div", { class: "ssm-options", role: "group", "aria-label": "Answers" });

  /** @param {Acts} acts */
  constructor(acts) {
    this.#acts = acts;
    const buttons = el("div", { class: "ssm-answers" }, this.#begin, this.#show, this.#skip, this.#again);
    const head = el("h3", {}, "Predict first, if you like");
    this.node = el("section", { class: "ssm-predict" }, head, this.#asked, this.#options, buttons, this.#said);
  }

  /** @param {any} predict the question, or null */
  ask(predict) {
    this.#guess.close();
    this.#predict = predict;
    this.#given = null;
    this.node.hidden = !predict;
    this.#options.replaceChildren();
    this.#said.replaceChildren();
    this.#said.hidden = false;
    if (!predict) return;
    const { answer, question } = predict;
    say(this.#asked, plain(question, {}));
    const pick = (words, i) => button(words, () => this.#answer(i));
    if (answer.kind === "options") this.#options.append(...answer.words.map(pick));
    this.#posed = false;
    this.#to("asked");
  }

  /** @param {Step} step */
  #to(step) {
    this.#step = step;
    const level = this.#predict.answer.kind === "level",
      done = step === "waiting" || step === "answered",
      open = step === "asked" || step === "marking";
    this.#begin.hidden = !level || step !== "asked";
    this.#show.hidden = step !== "marking";
    this.#skip.hidden = !open;
    this.#options.hidden = level || !open;
    this.#again.hidden = !done;
  }

  #mark() {
    const { panel, at, what } = this.#predict.answer;
    if (!this.#acts.own()) this.#acts.restore();
    this.#to("marking");
    this.#guess.open(this.#acts.figure(panel), at === "target", `your guess: ${what}`);
  }

  #marked() {
    say(this.#said, "Drag the dotted line over the chart, or move it by the arrow keys; Enter shows what happens.");
  }

  /** @param {number|null} guess null: just show it */
  #answer(guess) {
    this.#given = guess;
    this.#guess.reveal(null);
    if (guess === null) this.#guess.close();
    this.#to("waiting");
    this.#again.focus({ preventScroll: true });
    this.#said.replaceChildren();
    this.#acts.lead(this.#predict);
  }

  #reset() {
    this.#acts.restore();
    const first = this.#begin.hidden ? this.#options.firstElementChild : this.#begin;
    first.focus();
  }

  /** What is said of one state is not said over another. @param {boolean} there */
  #keep(there) {
    this.#said.hidden = !there;
    if (!there) this.#guess.close();
  }

  /** Its numbers are those of the chapter's own state, whatever has come since. @param {any} question @param {any} numbers */
  #pose(question, numbers) {
    const own = this.#acts.own(),
      open = this.#step !== "waiting" && this.#step !== "answered";
    if (!open || (this.#posed && !own)) return;
    if (own === (this.#step === "elsewhere")) this.#to(own ? "asked" : "elsewhere");
    say(this.#asked, own ? plain(question, numbers) : ELSEWHERE);
    this.#posed = own;
  }

  /** The question's numbers are those before the change, the answer's those after it. @param {Record<string, any>} numbers */
  read(numbers) {
    if (!this.#predict) return;
    const { question, answer, said, why } = this.#predict;
    this.#pose(question, numbers);
    const there = this.#acts.state(this.#predict);
    if (this.#step === "answered") this.#keep(there);
    if (this.#step !== "waiting" || !there) return;
    const found = outcome(answer, this.#given, numbers);
    fill(this.#said, this.#given === null ? why : [...said, ...why], { ...numbers, ...found });
    if (answer.kind === "level") this.#guess.reveal(numbers[answer.number]);
    this.#to("answered");
  }
}
