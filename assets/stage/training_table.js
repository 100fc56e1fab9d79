/** What is read of a training: each loss with its numbers, and what its model holds for the words that are typed. */

import { el, say } from "../controls/dom.js";
import { counted, grouped, number, percent } from "../panels/texts.js";

const USUAL = "the white";
const GONE = "The models are not here any more; restart to ask them.";
const HEADS = ["loss", "steps", "seconds", "perplexity", "with log q", "loss trained on", "bias", "next word"];

export class TrainingTable {
  /** @type {any} */ node;
  /** @type {[string, string]} */ called = ["training", "trainings"];
  verb = "train";
  words = { done: "Done: every loss has had its time." };
  #fields;
  #settings;
  /** What the models have said to the text; null where they are gone. @type {any} */ #answer;
  #text = el("input", { type: "text", class: "ssm-number ssm-job-text", value: USUAL, maxlength: "200" });
  #told = el("p", { class: "ssm-help", role: "status" });
  #table = el("table", { class: "ssm-table" });

  /** @param {any} spec @param {{settings: () => any, asked: () => void}} acts */
  constructor({ fields }, { settings, asked }) {
    this.#fields = fields;
    this.#settings = settings;
    const asks = el("label", { class: "ssm-job-ask" }, "What comes after ", this.#text, "?");
    const label = "Each loss and its next words";
    const scroll = el("div", { class: "ssm-scroll", tabindex: "0", role: "region", "aria-label": label }, this.#table);
    this.node = el("section", { class: "ssm-job-below" }, asks, this.#told, scroll);
    this.#text.addEventListener("input", asked);
  }

  get text() {
    return this.#text.value;
  }

  sign(found) {
    return JSON.stringify(found?.steps);
  }

  progress({ spent, seconds_each: each }) {
    const all = Object.values(spent);
    const sum = all.reduce((total, one) => total + one, 0);
    return `${grouped(sum)} of ${grouped(all.length * each)} seconds of one core`;
  }

  other({ negatives, seed, arms }) {
    const asked = this.#settings();
    const same = String(asked.losses.toSorted()) === String(Object.keys(arms).toSorted());
    return asked.negatives !== negatives || asked.seed !== seed || !same;
  }

  /** Of what it is, where that is not what the controls say. */
  remark({ negatives, seed, arms }, other) {
    const { length } = Object.keys(arms);
    const losses = `${length} ${length === 1 ? "loss" : "losses"}`;
    return other ? `Shown: ${counted(negatives, "sample")}, seed ${seed}, ${losses}.` : "";
  }

  clear() {
    this.#answer = undefined;
    say(this.#told, "");
    this.#table.replaceChildren();
  }

  /** A row for each loss, and what it holds for the next word; where nobody asked, what it held. */
  fill(found, /** @type {any} */ { answer = this.#answer }) {
    this.#answer = answer;
    say(this.#told, answer === null ? GONE : (answer?.error ?? ""));
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
    const head = el("th", { scope: "row" }, this.#fields.losses.words[arm]);
    return el("tr", {}, head, ...cells.map((cell) => el("td", {}, cell)));
  }
}
