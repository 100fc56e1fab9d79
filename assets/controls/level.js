/** A level: a line across a picture that is a slider, by pointer, touch and keys. */

import { el } from "./dom.js";

const KEYS = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 8, PageDown: -8 };
const STEP = 1.1; // the factor of one key

/**
 * @typedef {{low: number, high: number, label: string}} Field
 * @typedef {object} Acts
 * @property {(value: number, live: boolean) => void} change
 * @property {(x: number, y: number) => number} valueAt the value at a place in px of the holder
 * @property {(value: number) => string} spell
 */

export class Level {
  /** @type {any} */ node;
  #field;
  /** @type {Acts} */ #acts;
  #value = 0;

  /** @param {Field} field @param {Acts} acts */
  constructor(field, acts) {
    this.#field = field;
    this.#acts = acts;
    const range = { "aria-valuemin": field.low, "aria-valuemax": field.high, "aria-orientation": "vertical" };
    this.node = el(
      "div",
      { class: "ssm-level", role: "slider", tabindex: "0", "aria-label": field.label, ...range },
      el("span", { class: "ssm-grip" }),
    );
    this.node.addEventListener("pointerdown", (event) => this.#hold(event));
    this.node.addEventListener("pointermove", (event) => this.#drag(event, true));
    for (const kind of ["pointerup", "pointercancel"]) this.node.addEventListener(kind, (event) => this.#leave(event));
    this.node.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Lie at a value. @param {number} value @param {{left: number, top: number, width: number}} at px of the holder */
  place(value, { left, top, width }) {
    this.#value = value;
    Object.assign(this.node.style, { left: `${left}px`, top: `${top}px`, width: `${width}px` });
    this.node.setAttribute("aria-valuenow", String(value));
    this.node.setAttribute("aria-valuetext", this.#acts.spell(value));
  }

  #hold(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.node.focus();
    this.node.setPointerCapture(event.pointerId);
  }

  #drag({ pointerId, clientX, clientY }, live) {
    if (!this.node.hasPointerCapture(pointerId)) return;
    const { left, top } = this.node.parentElement.getBoundingClientRect();
    this.#take(this.#acts.valueAt(clientX - left, clientY - top), live);
  }

  /** The hand lets go: what it changed last is asked for. */
  #leave(event) {
    if (!this.node.hasPointerCapture(event.pointerId)) return;
    this.node.releasePointerCapture(event.pointerId);
    this.#take(this.#value, false);
  }

  #key(event) {
    const { low, high } = this.#field;
    const ends = { Home: low, End: high };
    const value = ends[event.key] ?? (event.key in KEYS ? this.#value * STEP ** KEYS[event.key] : null);
    if (value === null) return;
    event.preventDefault();
    this.#take(value, false);
  }

  /** Two digits are as fine as a line can be drawn. */
  #take(value, live) {
    const { low, high } = this.#field;
    const near = Number(Math.min(high, Math.max(low, value)).toPrecision(2));
    if (near !== this.#value || !live) this.#acts.change(near, live);
  }
}
