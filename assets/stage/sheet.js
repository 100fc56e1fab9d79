/** A panel that is no plot: programs, tensors and bars to scale, side by side; it answers to the same calls as a Panel. */

import { button, el, say } from "../controls/dom.js";
import { numbers } from "../panels/series.js";
import { plain } from "../panels/texts.js";
import { Cells } from "./cells.js";

const SECONDS_TOLD = 4;
const HAIR = 1 / 2000; // of the width: less than a pixel

/** @typedef {{settings: () => any, change: (patch: any) => void}} Acts */

export class Sheet {
  /** @type {any} */ node = el("div", { class: "ssm-sheet-body", role: "group" });
  /** @type {any[]} */ #parts = [];
  #acts;
  #defined = "";

  /** @param {string} name @param {Acts} acts */
  constructor(name, acts) {
    this.name = name;
    this.#acts = acts;
  }

  /** @param {any} spec of the spec */
  async define(spec) {
    const defined = JSON.stringify(spec.content);
    if (defined === this.#defined) return; // another theme: the style sheet has its inks
    this.#defined = defined;
    this.#parts = spec.content.map((part) => PARTS[part.kind](part, this.#acts));
    const code = this.#parts.filter(({ side }) => side === "code").map(({ node }) => node);
    const made = this.#parts.filter(({ side }) => side !== "code").map(({ node }) => node);
    this.node.replaceChildren(...code, ...(made.length ? [el("div", { class: "ssm-tensors" }, ...made)] : []));
  }

  resize() {}

  /** @param {import("../panels/panel.js").Frame & {settings: any}} frame */
  draw({ view, settings, names }) {
    if (!view.steps) return;
    const words = numbers(view, settings, names);
    for (const part of this.#parts) part.draw({ ...view, settings }, words, names);
  }

  async sync() {}
}

const PARTS = {
  code: (spec) => program(spec),
  matrix: (spec) => new Cells(spec),
  scale: (spec) => toScale(spec),
  jump: (spec, acts) => jump(spec, acts),
};

/** A program: the library's own text, or one that comes with the numbers; it can be copied. */
function program({ source, of }) {
  const text = el("code", {});
  const functions = [...source.matchAll(/^def (\w+)/gm)].map(([, name]) => name);
  const label = of ? `code of ${functions.join(" and ")}` : "the whole program";
  const box = el("pre", { class: "ssm-code", tabindex: "0", role: "region", "aria-label": label }, text);
  const copied = el("span", { class: "ssm-copied", role: "status" });
  const copy = button("Copy", () => copyOut(text, copied));
  const foot = el("div", { class: "ssm-code-foot" }, el("span", {}, of), copied, of ? "" : copy);
  const node = el("div", { class: of ? "ssm-program" : "ssm-program ssm-whole" }, box, foot);
  return { node, side: "code", draw: ({ steps }) => say(text, of ? source : steps[source]) };
}

/** To the clipboard; a browser that keeps it from the page gets the text selected. */
async function copyOut(text, told) {
  try {
    await navigator.clipboard.writeText(text.textContent);
    say(told, "copied");
  } catch {
    getSelection()?.selectAllChildren(text);
    say(told, "selected: copy it by key");
  }
  setTimeout(() => say(told, ""), SECONDS_TOLD * 1000);
}

/** Bars of one scale: the longest has the whole width, and one too short to be seen has a line. */
function toScale({ bars }) {
  const rows = bars.map(([, , ink]) => {
    const words = el("span", { class: "ssm-bar-words" });
    const fill = el("div", { class: "ssm-bar-fill", "data-ink": ink });
    return {
      words,
      fill,
      node: el("div", { class: "ssm-bar-row" }, words, el("div", { class: "ssm-bar-track" }, fill)),
    };
  });
  const draw = (_view, words) => {
    const most = Math.max(...bars.map(([name]) => words[name]));
    bars.forEach(([name, said], i) => {
      const share = words[name] / most;
      say(rows[i].words, plain([said], words) + (share < HAIR ? ", thinner than this line" : ""));
      rows[i].fill.style.width = `${100 * share}%`;
    });
  };
  return { node: el("div", { class: "ssm-scale" }, ...rows.map(({ node }) => node)), side: "", draw };
}

/** A button to other settings; once there, back to what they were. */
function jump({ words, settings: wanted, back, home }, { settings, change, fixed }) {
  /** @type {any} */ let before = null;
  const there = () => Object.entries(wanted).every(([name, value]) => settings()[name] === value);
  const act = () => {
    if (there()) return change(before ?? home);
    before = { ...settings() }; // all of them: another problem resets what was dragged
    change(wanted);
  };
  const node = button(words, act, "ssm-jump");
  const draw = () => {
    say(node, there() ? back : words);
    node.disabled = Object.keys(wanted).some((name) => fixed().has(name));
  };
  return { node, side: "", draw };
}
