/** A number: typed, dragged or stepped by keys. */

import { grouped } from "../panels/texts.js";
import { el, framed } from "./dom.js";

const LOG_NOTCHES = 120,
  NOTCHES = 100;

/** low, ..., high with steps of about 8 %, each notch a number of two significant digits. */
export function ladder(low, high) {
  const list = [];
  for (let m = low; m < high; ) {
    list.push(m);
    const next = Math.max(m + 1, m * 1.08),
      unit = 10 ** Math.max(0, Math.floor(Math.log10(next)) - 1);
    m = Math.round(next / unit) * unit;
  }
  return [...list, high];
}

/** The values that a field's track stops at; null for a whole number that is only typed. */
function notchesOf(field, high) {
  if (field.kind === "whole") return field.log ? ladder(field.low, high) : null;
  const { low } = field,
    count = field.log ? LOG_NOTCHES : NOTCHES;
  const at = (i) =>
    field.log ? (low * (high / low) ** (i / count)).toPrecision(2) : (low + ((high - low) * i) / count).toPrecision(6);
  return Array.from({ length: count + 1 }, (_, i) => Number(at(i)));
}

function nearest(notches, value) {
  let best = 0;
  for (let i = 1; i < notches.length; i++) if (Math.abs(notches[i] - value) < Math.abs(notches[best] - value)) best = i;
  return best;
}

export class NumberControl {
  /** @type {HTMLElement} */ node;
  #field;
  #doors;
  #typed;
  /** @type {any} */ #track = null;
  #help;
  /** @type {number[]|null} */ #notches;
  #value = 0;
  #locked = false;

  /**
   * @param {string} name @param {any} field of the spec
   * @param {{tell: (value: number, live: boolean) => void, refuse: (sentence: string) => void}} doors `tell` hears of
   *   each change, `refuse` of a value that the field does not allow: it stays in the box as it was typed
   */
  constructor(name, field, doors) {
    this.#field = field;
    this.#doors = doors;
    this.#notches = notchesOf(field, field.high);
    const inputmode = field.kind === "whole" ? "numeric" : "decimal";
    this.#typed = el("input", { type: "text", inputmode, class: "ssm-number", autocomplete: "off" });
    if (this.#notches)
      this.#track = el("input", { type: "range", class: "ssm-track", "aria-label": field.label, step: "1", min: "0" });
    const made = framed(name, field, this.#typed, { head: [this.#typed], body: this.#track ? [this.#track] : [] });
    this.node = made.node;
    this.#help = made.help;
    this.#listen();
  }

  #listen() {
    this.#typed.addEventListener("change", () => this.#read());
    this.#typed.addEventListener("keydown", (event) => this.#key(event));
    this.#track?.addEventListener("input", () => this.#slide(true));
    this.#track?.addEventListener("change", () => this.#slide(false));
    this.#track?.addEventListener("pointerup", () => this.#slide(false)); // a drag that ends where it began fires no change
  }

  /** Show a value. `high`: where its track ends; `fixed`: it cannot be chosen now. */
  set(value, { high = this.#field.high, fixed = false } = {}) {
    this.#notches = notchesOf(this.#field, Math.max(high, this.#field.low + 1));
    const changed = value !== this.#value || this.#typed.value === "";
    this.#value = value;
    if (changed || this.#typed.getAttribute("aria-invalid") !== "true") this.#spell(changed);
    this.#disable(fixed || this.#locked);
    this.#show();
  }

  help(text) {
    this.#help.textContent = this.#help.title = text;
  }

  lock() {
    this.#locked = true;
    this.#disable(true);
  }

  #disable(off) {
    this.#typed.disabled = off;
    if (this.#track) this.#track.disabled = off;
  }

  #spell(changed) {
    if (changed || document.activeElement !== this.#typed) this.#typed.value = this.#text(this.#value);
    this.#mark(true);
  }

  #text(value) {
    return this.#field.kind === "whole" && value >= 1000 && this.#track ? grouped(value) : String(value);
  }

  #mark(fine) {
    this.#typed.setAttribute("aria-invalid", fine ? "false" : "true");
  }

  /** The thumb, its filled part, and the value in words: without them a reader would announce the notch. */
  #show() {
    if (!this.#track) return;
    const last = this.#notches.length - 1,
      at = nearest(this.#notches, this.#value);
    this.#track.max = last;
    this.#track.value = at;
    this.#track.style.setProperty("--filled", `${(100 * at) / Math.max(1, last)}%`);
    this.#track.setAttribute("aria-valuetext", this.#text(this.#value));
  }

  #slide(live) {
    const at = Number(this.#track.value);
    if (live || at !== nearest(this.#notches, this.#value)) this.#value = this.#notches[at];
    this.#spell(true);
    this.#show();
    this.#doors.tell(this.#value, live);
  }

  #read() {
    const text = this.#typed.value.replace(/[,\s]/g, ""),
      value = Number(text),
      { label, rule } = this.#field;
    const fine = text !== "" && this.#allows(value);
    this.#mark(fine);
    if (!fine)
      return this.#doors.refuse(
        `${label} must be ${rule}, got ${this.#typed.value || "nothing"}; type a number in that range or use the slider`,
      );
    if (value === this.#value) return this.#doors.refuse("");
    this.#value = value;
    this.#show();
    this.#doors.tell(value, false);
  }

  #allows(value) {
    const { kind, low, high } = this.#field;
    return Number.isFinite(value) && (kind !== "whole" || Number.isInteger(value)) && value >= low && value <= high;
  }

  #key(event) {
    if (event.key === "Enter") this.#read();
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.#typed.value = this.#text(this.#next(step));
    this.#read();
  }

  #next(step) {
    const { kind, low, high } = this.#field;
    if (kind === "whole") return Math.max(low, Math.min(high, this.#value + step));
    const at = nearest(this.#notches, this.#value) + step;
    return this.#notches[Math.max(0, Math.min(this.#notches.length - 1, at))];
  }
}
