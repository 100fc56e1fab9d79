/** The samples of a draw as chips: repeats say how often, a hit is struck out, and what finds no room is counted. */

import { FONT_SIZE, measure, unprefixed } from "../panels/layers.js";
import { grouped } from "../panels/texts.js";
import { el } from "./dom.js";
import { tally } from "./tally.js";

const GAP = 4; // px between chips
const CHIP = { height: 24, edges: 18, most: 150, letters: 13 / FONT_SIZE }; // as style.css has them

/** Where a line of boxes breaks: the row and the right end of each. @param {number[]} widths @param {number} width of a row */
function flow(widths, width) {
  let row = 1;
  let x = 0;
  return widths.map((w) => {
    if (x > 0 && x + w > width) {
      row += 1;
      x = 0;
    }
    x += w + GAP;
    return { row, end: x };
  });
}

/**
 * How many boxes fit into an area; the last of them leaves room for what says how many are missing.
 * @param {number[]} widths @param {number} rest the width of that; 0 where all boxes are all there is
 * @param {{width: number, height: number}} area
 */
export function fitting(widths, rest, { width, height }) {
  const rows = Math.max(1, Math.floor((height + GAP) / (CHIP.height + GAP)));
  const places = flow(widths, width);
  if (!rest && places.every(({ row }) => row <= rows)) return widths.length;
  const room = rest || measure("and 1,000 more", "sans-serif") * CHIP.letters;
  const fits = ({ row, end }) => row < rows || (row === rows && end + room <= width);
  return places.findLastIndex(fits) + 1;
}

const suffix = ({ count, hit }) => `${count > 1 ? ` ×${count}` : ""}${hit ? " ↩ hit" : ""}`;

/** @typedef {{c: number, count: number, hit: boolean}} Chip */

export class Chips {
  /** @type {any} */ node = el("p", { class: "ssm-chips", "aria-label": "Samples of this draw", role: "group" });
  /** @type {Chip[]} */ #chips = [];
  #samples = 0;
  #shown = "";
  #area = { width: 0, height: 0 };
  #family = "sans-serif";
  /** @type {(c: number) => string} */ #names = String;

  constructor() {
    new ResizeObserver(([{ contentRect }]) => this.#resize(contentRect)).observe(this.node);
  }

  #resize({ width, height }) {
    this.#area = { width, height };
    this.#family = getComputedStyle(this.node).fontFamily;
    this.#draw();
  }

  /** @param {any} view @param {(c: number) => string} names */
  show(view, names) {
    this.#chips = tally(view);
    this.#samples = view.draw.samples;
    this.#names = names;
    this.#draw();
  }

  #width(chip) {
    const text = unprefixed(this.#names(chip.c)) + suffix(chip);
    return Math.min(CHIP.most, Math.ceil(measure(text, this.#family) * CHIP.letters) + CHIP.edges);
  }

  #draw() {
    if (!this.#area.width) return;
    const told = this.#chips.reduce((sum, { count }) => sum + count, 0);
    const rest = this.#samples > told ? measure("and 10,000 more", this.#family) * CHIP.letters : 0;
    const fit = this.#chips.slice(
      0,
      fitting(
        this.#chips.map((chip) => this.#width(chip)),
        rest,
        this.#area,
      ),
    );
    const left = this.#samples - fit.reduce((sum, { count }) => sum + count, 0);
    const shown = JSON.stringify([fit, left, fit.map(({ c }) => this.#names(c))]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const more = left > 0 ? [el("span", { class: "ssm-more-chips" }, `and ${grouped(left)} more`)] : [];
    this.node.replaceChildren(...fit.map((chip) => chipOf(chip, this.#names(chip.c))), ...more);
  }
}

/** @param {Chip} chip @param {string} name */
function chipOf(chip, name) {
  const { c, hit } = chip;
  const title = hit ? `${name} is the target: an accidental hit, thrown back` : name;
  const attributes = { class: "ssm-chip", "data-chip": "", "data-class": c, "data-hit": hit ? "true" : "false", title };
  return el("span", attributes, el("span", { class: "ssm-chip-name" }, unprefixed(name)), suffix(chip));
}
