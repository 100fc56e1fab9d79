/** What is read of a measurement of costs: every step that was measured, those that were left out, and why. */

import { el } from "../controls/dom.js";
import { secondsOf } from "../panels/cost_series.js";
import { counted, grouped, number } from "../panels/texts.js";

const HEADS = ["classes", "step", "forward and backward", "Adam", "memory held", "operations", "full ÷ this"];
const PRODUCTS = "products";

export class CostTable {
  /** @type {any} */ node;
  /** @type {[string, string]} */ called = ["measurement", "measurements"];
  verb = "measure";
  words = { done: "Done." };
  text = null;
  #spec;
  #settings;
  #table = el("table", { class: "ssm-table ssm-costs" });

  /** @param {any} spec @param {{settings: () => any}} acts */
  constructor(spec, { settings }) {
    this.#spec = spec;
    this.#settings = settings;
    const label = "Each step that was measured";
    const scroll = el("div", { class: "ssm-scroll", tabindex: "0", role: "region", "aria-label": label }, this.#table);
    this.node = el("section", { class: "ssm-job-below" }, scroll);
  }

  sign(found) {
    return `${found?.done} ${found?.measured}`; // what is measured now is said, not drawn
  }

  progress({ done, of, now }) {
    const known = `${grouped(done)} of ${grouped(of)} steps measured`;
    const words = this.#spec.costs[now?.way];
    return words ? `${known}, now ${grouped(now.classes)} classes, ${words}` : known;
  }

  /** Whether it is of another choice; a device that is not here is the CPU. */
  other({ batch, samples, dim, device }) {
    const asked = this.#settings();
    const here = asked.device in this.#spec.devices ? asked.device : "cpu";
    return asked.examples !== batch || asked.negatives !== samples || asked.width !== dim || here !== device;
  }

  /** Of what, where and when, for it may have been somebody else. */
  remark({ batch, samples, dim, machine, measured }) {
    const when = new Date(1e3 * measured).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
    const what = `${counted(batch, "example")}, ${counted(samples, "sample")}, width ${dim}`;
    return `Shown: ${what}, measured on this server ${when}, ${machine}.`;
  }

  clear() {
    this.#table.replaceChildren();
  }

  fill(found) {
    const heads = HEADS.map((head) => el("th", { scope: "col" }, head));
    const all = [...found.rows, ...found.left_out].filter(({ way }) => way !== PRODUCTS);
    const ways = Object.keys(this.#spec.costs);
    all.sort((a, b) => a.classes - b.classes || ways.indexOf(a.way) - ways.indexOf(b.way));
    const rows = all.map((row) =>
      el("tr", {}, el("th", { scope: "row" }, grouped(row.classes)), ...this.#cells(row, found)),
    );
    this.#table.replaceChildren(el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows));
  }

  #cells(row, found) {
    const words = el("td", {}, this.#spec.costs[row.way]);
    if (row.seconds === undefined || row.allowed) return [words, el("td", { colspan: "5" }, tooMuch(row))];
    const full = found.rows.find(({ way, classes }) => way === "full" && classes === row.classes);
    const cells = [
      `${number(1e3 * row.seconds)} ms`,
      `${number(1e3 * row.optimiser_seconds)} ms`,
      `${number(row.peak_bytes / 1e6)} MB`,
      row.operations.toExponential(1).replace("e+", "e"),
      full ? `${number(secondsOf(full) / secondsOf(row))}×` : "–",
    ];
    return [words, ...cells.map((cell) => el("td", {}, cell))];
  }
}

/** Why a step was left out. */
const tooMuch = ({ bytes, seconds, allowed }) =>
  bytes
    ? `left out: it needs ${number(bytes / 1e9)} GB of memory, and ${number(allowed / 1e9)} GB may be used`
    : `left out: it would take ${number(seconds)} s, and ${number(allowed)} s are allowed`;
