/** A myth of a chapter: what many believe, a click that tries it, and what is then to be seen. */

import { button, el, say } from "../controls/dom.js";
import { fill } from "../panels/texts.js";

export class MythBox {
  /** @type {any} */ node;
  #belief = el("p", { class: "ssm-belief" });
  #trial = button("", () => this.#acts.lead(this.#myth));
  #refutation = el("p", { class: "ssm-refutation", role: "status" });
  #myth;
  #acts;

  /** @param {{state: (record: any) => boolean, lead: (record: any) => void}} acts `state`: whether a record's state is on the screen */
  constructor(acts) {
    this.#acts = acts;
    const head = el("h3", {}, "Many believe");
    this.node = el("section", { class: "ssm-myth" }, head, this.#belief, this.#trial, this.#refutation);
  }

  /** @param {any} myth */
  open(myth) {
    this.#myth = myth;
    say(this.#belief, myth.belief);
    say(this.#trial, myth.trial);
    this.#refutation.replaceChildren();
  }

  /** Refute it with the numbers of its own state, while that is on the screen. @param {Record<string, any>} numbers */
  read(numbers) {
    if (this.#acts.state(this.#myth)) fill(this.#refutation, this.#myth.refutation, numbers);
    else this.#refutation.replaceChildren();
  }
}
