/** Several of a few names: a box to tick for each. */

import { el, framed } from "./dom.js";

export class SeveralControl {
  /** @type {HTMLElement} */ node;
  /** @type {Map<string, any>} */ #boxes = new Map();
  #field;
  #help;
  #locked = false;

  /**
   * @param {string} name @param {any} field of the spec
   * @param {{tell: (value: string[], live: boolean) => void}} doors
   */
  constructor(name, field, { tell }) {
    this.#field = field;
    const group = el("div", { class: "ssm-several", role: "group", "aria-label": field.label });
    for (const each of field.known) {
      const box = el("input", { type: "checkbox", onchange: () => tell(this.#chosen, false) });
      this.#boxes.set(each, box);
      group.append(el("label", {}, box, " ", field.words[each]));
    }
    const made = framed(name, field, group, { body: [group] });
    this.node = made.node;
    this.#help = made.help;
  }

  get #chosen() {
    return this.#field.known.filter((each) => this.#boxes.get(each).checked);
  }

  /** @param {string[]} value */
  set(value) {
    for (const [each, box] of this.#boxes) {
      box.checked = value.includes(each);
      box.disabled = this.#locked || (box.checked && value.length <= this.#field.least); // so many must stay
    }
  }

  help(text) {
    this.#help.textContent = this.#help.title = text;
  }

  lock() {
    this.#locked = true;
    for (const box of this.#boxes.values()) box.disabled = true;
  }
}
