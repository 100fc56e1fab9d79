/** Handles on bars: each shown class a slider, by pointer, touch and keys; and the light that follows one class everywhere. */

import { el } from "./controls.js";
import { number } from "./words.js";

const FINE = 3; // px a pointer may move and still be a click
const TALL = matchMedia("(pointer: coarse)").matches ? 44 : 28; // px of a handle, around the end of its bar

/**
 * @param {object} panel the Panel whose bars are dragged
 * @param {{read: (i) => {value, low, high, name}, write: (i, value, live) => void, light: (i) => void,
 *   choose: (i) => void, what: string, step: (value, direction, large) => number, room: (value) => number}} act
 */
export class Handles {
  constructor(panel, act) {
    Object.assign(this, { panel, act });
    this.node = el("div", { class: "ssm-handles" });
    this.list = [];
    this.placed = [];
    this.dragged = null;
  }

  /** Put `count` handles at the ends of the bars. */
  place(count) {
    while (this.list.length < count) this.list.push(this.#make(this.list.length));
    while (this.list.length > count) this.list.pop().remove();
    this.placed.length = this.list.length;
    const { box } = this.panel;
    const width = Math.abs(this.panel.toX(1) - this.panel.toX(0));
    this.list.forEach((node, i) => {
      const { value, low, high, name } = this.act.read(i);
      const x = this.panel.toX(i), y = Math.max(box.top, Math.min(box.top + box.height, this.panel.toY(value)));
      const out = x < box.left || x > box.left + box.width;
      const now = [x, y, width, value, low, high, name, out].join();
      if (now === this.placed[i]) return;
      this.placed[i] = now;
      node.hidden = out;
      node.style.transform = `translate(${x - width / 2}px, ${y - TALL / 2}px)`;
      node.style.width = `${width}px`;
      const attributes = { label: `${this.act.what} ${name}`, valuemin: low, valuemax: high, valuenow: value, valuetext: number(value) };
      for (const [key, text] of Object.entries(attributes)) node.setAttribute(`aria-${key}`, text);
    });
  }

  #make(i) {
    const node = el("div", { class: "ssm-handle", role: "slider", tabindex: i ? "-1" : "0", "aria-orientation": "vertical" });
    let start = null;
    node.addEventListener("pointerdown", (event) => {
      if (event.button > 0) return;
      event.preventDefault();
      node.setPointerCapture(event.pointerId);
      node.focus({ preventScroll: true });
      start = { y: event.clientY, value: this.act.read(i).value, moved: false };
    });
    node.addEventListener("pointermove", (event) => {
      if (!start) return;
      if (!start.moved && Math.abs(event.clientY - start.y) < FINE) return;
      start.moved = true;
      this.dragged = i;
      const top = this.panel.node.getBoundingClientRect().top;
      this.#write(i, this.panel.fromY(event.clientY - top), true);
    });
    const end = (event) => {
      if (!start) return;
      const { moved } = start;
      start = this.dragged = null;
      if (moved) this.act.write(i, this.act.read(i).value, false);
      else if (event.type === "pointerup" && event.pointerType === "mouse") this.act.choose(i);
    };
    node.addEventListener("pointerup", end);
    node.addEventListener("pointercancel", end);
    node.addEventListener("focus", () => this.act.light(i));
    node.addEventListener("blur", () => this.act.light(-1));
    node.addEventListener("keydown", (event) => this.#key(event, i));
    this.node.append(node);
    return node;
  }

  #write(i, value, live) {
    const { low, high } = this.act.read(i);
    this.act.write(i, Math.max(low, Math.min(high, this.act.room(value))), live);
  }

  #key(event, i) {
    const up = { ArrowUp: [1, false], ArrowDown: [-1, false], PageUp: [1, true], PageDown: [-1, true] }[event.key];
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: this.list.length - 1 }[event.key];
    if (event.key === "Enter" || event.key === " ") this.act.choose(i);
    else if (up) this.#write(i, this.act.step(this.act.read(i).value, ...up), false);
    else if (to !== undefined) this.#focus(to);
    else return;
    event.preventDefault();
  }

  /** One stop for the Tab key; arrows walk from bar to bar. */
  #focus(i) {
    const to = this.list[Math.max(0, Math.min(this.list.length - 1, i))];
    for (const node of this.list) node.tabIndex = node === to ? 0 : -1;
    to.focus({ preventScroll: true });
  }
}
