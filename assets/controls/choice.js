/** One of a few names. */

import { el, framed } from "./dom.js";

export class ChoiceControl {
  /** @type {HTMLElement} */ node;
  /** @type {any} */ select;
  #help;
  #locked = false;

  /**
   * @param {string} name @param {any} field of the spec
   * @param {{tell: (value: string, live: boolean) => void}} doors @param {Record<string, string>} choices value to words
   */
  constructor(name, field, { tell }, choices = field.choices) {
    this.select = el("select", { class: "ssm-select", "aria-label": field.label });
    const made = framed(name, field, this.select, { body: [this.select] });
    this.node = made.node;
    this.#help = made.help;
    this.select.append(...Object.entries(choices).map(([value, words]) => el("option", { value }, words)));
    this.select.addEventListener("change", () => tell(this.select.value, false));
  }

  set(value, { fixed = false } = {}) {
    this.select.value = value;
    this.select.disabled = fixed || this.#locked;
  }

  /** Values that cannot be chosen now. @param {string[]} values */
  forbid(values) {
    for (const option of this.select.options) option.disabled = values.includes(option.value);
  }

  help(text) {
    this.#help.textContent = this.#help.title = text;
  }

  lock() {
    this.#locked = true;
    this.select.disabled = true;
  }
}
