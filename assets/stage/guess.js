/** A guess marked on a panel: a line across the values, moved by pointer, touch and keys, and the gap to the answer. */

import { button, el } from "../controls/dom.js";
import { number } from "../panels/texts.js";
import { moved } from "./chapters.js";

const AT_FIRST = 0.5; // of the axis
const WIDER = 0.7; // of a slot, on either side of its middle
const THIN = 5; // px of the gap, on either side of its middle

export class Guess {
  #line = el("span", { class: "ssm-guess-line" }, el("span", { class: "ssm-guess-word" }, "your guess"));
  #gap = el("span", { class: "ssm-guess-gap", hidden: true });
  /** @type {any} */ #mark = el("div", { class: "ssm-guess", role: "slider", tabindex: "0" }, this.#line);
  /** @type {any} */ #figure = null;
  #across = true;
  #at = AT_FIRST;
  /** @type {number|null} */ #value = null;
  /** @type {number|null} */ #answer = null;
  #show;
  #acts;

  /** @param {{changed: () => void, done: () => void}} acts `done`: the mark stands where it should */
  constructor(acts) {
    this.#acts = acts;
    this.#show = button("Show", acts.done, "ssm-guess-show");
    this.#mark.addEventListener("keydown", (event) => this.#key(event));
    this.#mark.addEventListener("pointerdown", (event) => this.#down(event));
    this.#mark.addEventListener(
      "pointermove",
      (event) => this.#mark.hasPointerCapture(event.pointerId) && this.#drag(event),
    );
  }

  /** What is marked; null where nothing is. */
  get value() {
    return this.#value;
  }

  /** Lie over a panel. @param {any} figure @param {boolean} target over the target's bar alone @param {string} label */
  open(figure, target, label) {
    this.close();
    this.#figure = figure;
    this.#across = !target;
    this.#mark.setAttribute("aria-label", label);
    figure.holder.append(this.#gap, this.#mark, this.#show);
    this.#mark.classList.toggle("ssm-guess-across", this.#across);
    figure.drawn = () => this.#place();
    this.#to(AT_FIRST);
    this.#mark.focus();
  }

  close() {
    if (!this.#figure) return;
    this.#figure.drawn = null;
    this.#mark.remove();
    this.#gap.remove();
    this.#show.remove();
    this.#figure = this.#value = this.#answer = null;
    this.#mark.removeAttribute("aria-disabled");
  }

  /** Show the answer, or take it away again. @param {number|null} answer */
  reveal(answer) {
    if (!this.#figure) return;
    this.#answer = answer;
    this.#mark.setAttribute("aria-disabled", "true");
    this.#show.remove();
    this.#place();
  }

  get #fixed() {
    return this.#mark.hasAttribute("aria-disabled");
  }

  #key(event) {
    const done = event.key === "Enter";
    const at = moved(event.key, this.#at);
    if (this.#fixed || (!done && at === null)) return;
    event.preventDefault(); // the key must not press the button that has the focus next
    if (done) return this.#acts.done();
    this.#to(at);
  }

  #down(event) {
    if (event.button > 0 || this.#fixed) return;
    event.preventDefault();
    this.#mark.setPointerCapture(event.pointerId);
    this.#mark.focus({ preventScroll: true });
  }

  #drag({ clientX, clientY }) {
    const { panel, holder } = this.#figure;
    const { left, top } = holder.getBoundingClientRect();
    const { box, on } = panel;
    const px = on.turned ? clientX - left - box.left : box.height - (clientY - top - box.top);
    this.#to(Math.min(1, Math.max(0, px / on.value.pixels)));
  }

  /** @param {number} at from 0 to 1 along the axis */
  #to(at) {
    const { on } = this.#figure.panel;
    this.#at = at;
    this.#value = on.value.back(on.turned ? at * on.value.pixels : (1 - at) * on.value.pixels);
    this.#place();
    this.#acts.changed();
  }

  /** Where the mark and the gap lie on the panel as it is drawn now. */
  #place() {
    const { panel } = this.#figure;
    if (!panel.on || this.#value === null) return;
    const { on, box } = panel;
    const at = this.#pixels(this.#value);
    this.#mark.style.cssText = this.#rectangle(at, at);
    this.#mark.classList.toggle("ssm-guess-turned", on.turned);
    const ends = {
      valuemin: on.value.back(on.turned ? 0 : box.height),
      valuemax: on.value.back(on.turned ? box.width : 0),
    };
    const said = { ...ends, valuenow: this.#value, valuetext: number(this.#value) };
    for (const [key, value] of Object.entries(said)) this.#mark.setAttribute(`aria-${key}`, String(value));
    this.#mark.setAttribute("aria-orientation", on.turned ? "horizontal" : "vertical");
    this.#gap.hidden = this.#answer === null;
    if (this.#answer !== null) this.#gap.style.cssText = this.#rectangle(at, this.#pixels(this.#answer), true);
  }

  #pixels(value) {
    const { value: axis } = this.#figure.panel.on;
    const at = axis.at(value);
    return Math.min(axis.pixels, Math.max(0, Number.isFinite(at) ? at : axis.pixels));
  }

  /** The strip between two values, over the target's slot or over all; thin in the middle of that. */
  #rectangle(one, other, thin = false) {
    const { on, box } = this.#figure.panel;
    const [from, to] = thin ? this.#middle() : this.#ends();
    const [low, high] = [Math.min(one, other), Math.max(one, other)];
    const [x, y, w, h] = on.turned ? [low, from, high - low, to - from] : [from, low, to - from, high - low];
    return `left:${box.left + x}px;top:${box.top + y}px;width:${w}px;height:${h}px`;
  }

  #ends() {
    const { on, box, frame } = this.#figure.panel;
    const slot = frame.view.classes.target_slot;
    return this.#across ? [0, on.turned ? box.height : box.width] : [slot - WIDER, slot + WIDER].map(on.along.at);
  }

  #middle() {
    const [from, to] = this.#ends();
    return [(from + to) / 2 - THIN, (from + to) / 2 + THIN];
  }
}
