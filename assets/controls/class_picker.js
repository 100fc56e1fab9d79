/** A class by name: a list while classes are few, else a box that offers names as one types. */

import { grouped } from "../panels/texts.js";
import { el, framed, unique } from "./dom.js";

const LISTED = 200,
  OFFERED = 30;

/** @typedef {{key: string, count: number, of: (c: number) => string, find: (text: string) => number, search: (text: string, most: number) => string[]}} Directory */

export class ClassPicker {
  /** @type {HTMLElement} */ node;
  #label;
  #select;
  #typed;
  #list;
  #doors;
  /** @type {Directory|null} */ #names = null;
  #value = -1;
  #filled = "";

  /** @param {string} name @param {any} field @param {{tell: (c: number, live: boolean) => void, refuse: (sentence: string) => void}} doors */
  constructor(name, field, doors) {
    this.#doors = doors;
    this.#list = el("datalist", { id: unique("names") });
    this.#select = el("select", { class: "ssm-select", "aria-label": field.label });
    this.#typed = el("input", {
      type: "text",
      class: "ssm-select",
      id: unique(name),
      list: this.#list.id,
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": field.label,
    });
    const made = framed(name, field, this.#select, { body: [this.#select, this.#typed] });
    this.node = made.node;
    this.#label = made.label;
    this.node.append(this.#list);
    this.#select.addEventListener("change", () => doors.tell(Number(this.#select.value), false));
    this.#typed.addEventListener("input", () => this.#offer());
    this.#typed.addEventListener("change", () => this.#read());
  }

  /** Show a class. @param {number} c @param {Directory} names */
  set(c, names) {
    const few = names.count <= LISTED,
      changed = c !== this.#value || names.key !== this.#names?.key;
    this.#names = names;
    this.#value = c;
    this.#select.hidden = !few;
    this.#typed.hidden = few;
    this.#label.htmlFor = few ? this.#select.id : this.#typed.id;
    if (few) this.#choose();
    else if (changed || document.activeElement !== this.#typed) this.#spell();
  }

  lock() {
    this.#select.disabled = this.#typed.disabled = true;
  }

  #choose() {
    const { key, count, of } = this.#names;
    if (this.#filled !== key)
      this.#select.replaceChildren(...Array.from({ length: count }, (_, c) => el("option", { value: c }, of(c))));
    this.#filled = key;
    this.#select.value = String(this.#value);
  }

  #spell() {
    this.#typed.value = this.#names.of(this.#value);
    this.#typed.setAttribute("aria-invalid", "false");
  }

  #offer() {
    this.#list.replaceChildren(
      ...this.#names.search(this.#typed.value, OFFERED).map((text) => el("option", { value: text })),
    );
  }

  #read() {
    const text = this.#typed.value,
      c = this.#names.find(text);
    this.#typed.setAttribute("aria-invalid", c < 0 ? "true" : "false");
    if (c >= 0) return this.#doors.tell(c, false);
    this.#doors.refuse(
      `target must be one of the ${grouped(this.#names.count)} classes, got ${text || "nothing"}; type a class name, or # and its row number, as in #0`,
    );
  }
}
