/**
 * Handles: each shown class a slider over the whole column of its bar, by pointer, touch and keys. A handle belongs to a
 * class, not to a place: while a hand is down the places hold still (`hold`), so one drag changes one class.
 */

import { number } from "../panels/texts.js";
import { el } from "./dom.js";

const FINE = 3; // px a pointer may move and still be a click
const KEYS = {
  v: { ArrowUp: [1, false], ArrowDown: [-1, false], PageUp: [1, true], PageDown: [-1, true] },
  h: { ArrowRight: [1, false], ArrowLeft: [-1, false], PageUp: [1, true], PageDown: [-1, true] },
};
const WALK = { v: { ArrowRight: 1, ArrowLeft: -1 }, h: { ArrowDown: 1, ArrowUp: -1 } };

/**
 * @typedef {object} Grip what a handle moves
 * @property {string} what "score of", before the class's name
 * @property {(c: number) => {value: number, low: number, high: number, name: string}} read
 * @property {(c: number, value: number, live: boolean) => void} write
 * @property {(c: number) => number} height of the bar, in the units of the panel
 * @property {() => (height: number) => number} reader what a height means as a value, by the scale as it is now
 * @property {(value: number, direction: number, large: boolean) => number} step
 * @property {(value: number) => number} round to what a hand can mean
 * @property {(c: number) => void} light shows one class everywhere; -1: none
 * @property {(c: number) => void} pick a click: the class stays lit
 * @property {(on: boolean) => void} hold the classes where they are
 */

export class Handles {
  /** @type {HTMLElement} */ node = el("div", { class: "ssm-handles" });
  #panel;
  /** @type {Grip} */ #grip;
  /** @type {"v"|"h"} */ #orientation = "v";
  /** @type {number[]} */ #classes = [];
  /** @type {Map<number, {node: any, grip: any, placed: string}>} */ #made = new Map();
  /** @type {{c: number, at: number, height: number, unit: number, meaning: (height: number) => number, moved: boolean}|null} */ #drag =
    null;
  #holding = false;

  /** @param {any} panel whose bars are dragged @param {Grip} grip */
  constructor(panel, grip) {
    this.#panel = panel;
    this.#grip = grip;
    this.node.addEventListener("focusout", (event) => this.#left(event));
  }

  /** Put handles over the columns of these classes, in the order of their slots. @param {number[]} classes @param {"v"|"h"} orientation */
  place(classes, orientation) {
    this.#orientation = orientation;
    if (String(classes) !== String(this.#classes)) this.#order(classes);
    classes.forEach((c, slot) => this.#placeOne(c, slot));
  }

  #order(classes) {
    const kept = new Set(classes),
      focused = document.activeElement;
    for (const [c, { node }] of this.#made) if (!kept.has(c)) node.remove() ?? this.#made.delete(c);
    classes.forEach((c, i) => {
      const { node } = this.#made.get(c) ?? this.#make(c);
      if (this.node.children[i] !== node) this.node.insertBefore(node, this.node.children[i] ?? null);
    });
    this.#classes = classes;
    if (focused instanceof HTMLElement && focused !== document.activeElement && this.node.contains(focused))
      focused.focus({ preventScroll: true });
    this.#stop(this.node.querySelector("[tabindex='0']") ?? this.node.firstElementChild);
  }

  #make(c) {
    const grip = el("span", { class: "ssm-grip" });
    const node = el("div", { class: "ssm-handle", role: "slider", tabindex: "-1", "data-class": c }, grip);
    const made = { node, grip, placed: "" };
    node.addEventListener("pointerdown", (event) => this.#down(event, c));
    node.addEventListener("pointermove", (event) => this.#move(event));
    node.addEventListener("pointerup", () => this.#up(true));
    node.addEventListener("pointercancel", () => this.#up(false));
    node.addEventListener("focus", () => this.#grip.light(c));
    node.addEventListener("keydown", (event) => this.#key(event, c));
    this.#made.set(c, made);
    return made;
  }

  #placeOne(c, slot) {
    const made = this.#made.get(c),
      { value, low, high, name } = this.#grip.read(c),
      { box } = this.#panel,
      across = this.#orientation === "v";
    const height = this.#grip.height(c),
      one = this.#panel.at(slot, height),
      next = this.#panel.at(slot + 1, height);
    const now = [one.x, one.y, next.x, next.y, value, low, high, name, box.left, box.top, box.width, box.height].join();
    if (now === made.placed) return;
    made.placed = now;
    if (across) this.#column(made, one, Math.abs(next.x - one.x), box);
    else this.#row(made, one, Math.abs(next.y - one.y), box);
    const attributes = {
      label: `${this.#grip.what} ${name}`,
      valuemin: low,
      valuemax: high,
      valuenow: value,
      valuetext: number(value),
      orientation: across ? "vertical" : "horizontal",
    };
    for (const [key, text] of Object.entries(attributes)) made.node.setAttribute(`aria-${key}`, String(text));
  }

  #column({ node, grip }, { x, y }, width, box) {
    node.style.cssText = `left:${x - width / 2}px;top:${box.top}px;width:${width}px;height:${box.height}px`;
    grip.style.cssText = `top:${Math.max(0, Math.min(box.height, y - box.top))}px`;
  }

  #row({ node, grip }, { x, y }, height, box) {
    node.style.cssText = `left:${box.left}px;top:${y - height / 2}px;width:${box.width}px;height:${height}px`;
    grip.style.cssText = `left:${Math.max(0, Math.min(box.width, x - box.left))}px`;
  }

  // -------------------------------------------------------------- pointer

  /** A place along the bars' own direction, in px. */
  #along({ clientX, clientY }) {
    return this.#orientation === "v" ? clientY : clientX;
  }

  /** What one px means is settled when the hand comes down: an axis that grows must not pull the bar along. */
  #down(event, c) {
    if (event.button > 0 || this.#drag) return;
    const { node } = this.#made.get(c),
      { left, top } = this.#panel.box;
    if (event.pointerType === "mouse") event.preventDefault();
    node.setPointerCapture(event.pointerId);
    node.focus({ preventScroll: true });
    const [dx, dy] = this.#orientation === "v" ? [0, 1] : [1, 0];
    const unit = this.#panel.valueAt(left + dx, top + dy) - this.#panel.valueAt(left, top);
    this.#drag = {
      c,
      at: this.#along(event),
      height: this.#grip.height(c),
      unit,
      meaning: this.#grip.reader(),
      moved: false,
    };
  }

  #move(event) {
    const drag = this.#drag;
    if (!drag) return;
    const far = this.#along(event) - drag.at;
    if (!drag.moved && Math.abs(far) < FINE) return;
    drag.moved = true;
    this.#hold();
    this.#write(drag.c, drag.meaning(drag.height + far * drag.unit), true);
  }

  #up(click) {
    const drag = this.#drag;
    this.#drag = null;
    if (!drag) return;
    if (!drag.moved) return click ? this.#grip.pick(drag.c) : undefined;
    this.#grip.write(drag.c, this.#grip.read(drag.c).value, false);
  }

  // -------------------------------------------------------------- keys

  #key(event, c) {
    const change = KEYS[this.#orientation][event.key],
      walk = WALK[this.#orientation][event.key];
    if (change) this.#nudge(c, change);
    else if (walk) this.#walk(this.#classes.indexOf(c) + walk);
    else if (event.key === "Home") this.#walk(0);
    else if (event.key === "End") this.#walk(this.#classes.length - 1);
    else if (event.key === "Enter" || event.key === " ") this.#grip.pick(c);
    else return;
    event.preventDefault();
  }

  #nudge(c, change) {
    this.#hold();
    this.#write(c, this.#grip.step(this.#grip.read(c).value, change[0], change[1]), false);
  }

  #left(event) {
    if (this.node.contains(event.relatedTarget)) return;
    this.#grip.light(-1);
    if (this.#holding) this.#grip.hold(false);
    this.#holding = false;
  }

  /** From the first change on the classes stay where they are, until the focus leaves their handles. */
  #hold() {
    if (!this.#holding) this.#grip.hold(true);
    this.#holding = true;
  }

  #write(c, value, live) {
    const { low, high } = this.#grip.read(c);
    this.#grip.write(c, Math.max(low, Math.min(high, this.#grip.round(value))), live);
  }

  /** Arrows walk from bar to bar. */
  #walk(i) {
    const c = this.#classes[Math.max(0, Math.min(this.#classes.length - 1, i))],
      { node } = this.#made.get(c);
    this.#stop(node);
    node.focus({ preventScroll: true });
  }

  /** One stop for the Tab key. */
  #stop(stop) {
    for (const { node } of this.#made.values()) node.tabIndex = node === stop ? 0 : -1;
  }
}
