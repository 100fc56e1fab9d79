/** Light: one class, shown everywhere. By the pointer over a bar or the focus on its handle; a click keeps it lit. */

import { numbers, reading } from "../panels/series.js";

/**
 * @typedef {object} Acts
 * @property {() => any} view
 * @property {() => any} settings
 * @property {(c: number) => string} names
 * @property {() => boolean} pressed whether a hand is down
 * @property {() => import("./panel_figure.js").PanelFigure[]} figures those that are shown
 * @property {(patch: any) => void} change
 * @property {() => void} redraw
 */

export class Light {
  /** The class that is lit; -1: none. */
  lit = -1;
  /** A frame keeps the target as it is. */
  fixed = false;
  #picked = -1;
  /** @type {any} */ #pickedIn = null;
  /** @type {Acts} */ #acts;

  /** @param {Acts} acts */
  constructor(acts) {
    this.#acts = acts;
  }

  /** Light what the pointer is over. @param {import("./panel_figure.js").PanelFigure} figure */
  listen(figure) {
    const { holder, panel } = figure;
    const classAt = ({ clientX, clientY }) => {
      const { left, top } = holder.getBoundingClientRect();
      return this.#acts.view()?.classes.index[panel.slotAt(clientX - left, clientY - top)] ?? -1;
    };
    const over = (c, event) => event.pointerType !== "touch" && !this.#acts.pressed() && this.light(c);
    holder.addEventListener("pointermove", (event) => over(classAt(event), event));
    holder.addEventListener("pointerleave", (event) => over(-1, event));
    holder.addEventListener(
      "click",
      (event) => !event.target.closest(".ssm-handle") && this.pick(classAt(event), figure),
    );
  }

  /** Light a class; -1 goes back to the one that was picked. @param {number} c */
  light(c) {
    const lit = c < 0 ? this.#picked : c;
    if (lit === this.lit || !this.#acts.view()) return;
    this.lit = lit;
    this.#acts.redraw();
  }

  /** Keep a class lit, and offer it as the target where it was clicked; a second click lets it go. */
  pick(c, figure) {
    this.#picked = c === this.#picked ? -1 : c;
    this.#pickedIn = figure;
    this.lit = this.#picked;
    this.#acts.redraw();
  }

  /** Make the picked class the target. */
  choose() {
    const target = this.#picked;
    this.#picked = this.lit = -1;
    this.#acts.change({ target });
  }

  /** What each panel reads of the lit class, or says of itself. */
  shine() {
    const view = this.#acts.view(),
      { names } = this.#acts,
      all = numbers(view, this.#acts.settings(), names);
    const slot = view.classes.index.indexOf(this.lit),
      lit = slot < 0 ? null : reading(view, slot, names);
    const offered = slot >= 0 && !this.fixed && this.#picked === this.lit && this.lit !== view.classes.target;
    for (const figure of this.#acts.figures()) figure.read(all, lit, offered && figure === this.#pickedIn);
  }
}
