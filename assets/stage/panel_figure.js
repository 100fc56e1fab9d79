/** One panel on the page: its head, its picture, the handles over it, and a line that says what is seen or lit. */

import { el, say } from "../controls/dom.js";
import { Handles } from "../controls/handles.js";
import { fill, plain } from "../panels/texts.js";
import { probed } from "./probe.js";

export class PanelFigure {
  /** @type {any} */ node;
  /** @type {any} */ holder;
  /** @type {any} */ tools = el("div", { class: "ssm-tools" });
  /** @type {any} */ panel;
  /** @type {Handles|null} */ handles = null;
  /** @type {import("../controls/level.js").Level|null} */ #level = null;
  #setting = "";
  #fixed = false;
  /** @type {any} */ spec = null;
  /** Torch has yet to compute what it draws: it stays as it is. */
  #late = false;
  /** What lies over the picture follows it. @type {(() => void)|null} */
  drawn = null;
  #title = el("h3", {});
  #words = el("span", { class: "ssm-caption" });
  #choose;
  /** @type {any} */ #caption;
  #size = "";
  /** Where the pointer is over lines, in px; null: elsewhere. @type {number|null} */ #pointed = null;
  #usual = "";

  /** @param {{name: string, along: string, along_axis: string, room?: string}} definition @param {any} panel what it holds: a Panel, or a Sheet @param {import("../controls/handles.js").Grip|null} grip @param {() => void} choose makes the lit class the target */
  constructor({ name, along, along_axis, room = "" }, panel, grip, choose) {
    this.panel = panel;
    this.holder = el("div", { class: "ssm-holder" }, this.panel.node);
    this.#choose = el(
      "button",
      { type: "button", class: "ssm-button ssm-make", hidden: true, onclick: choose },
      "make it the target",
    );
    this.#caption = el("figcaption", {}, this.#words, this.#choose);
    if (grip) {
      this.handles = new Handles(this.panel, grip);
      this.holder.append(this.handles.node);
    }
    if (along_axis === "log") this.#listen();
    this.node = el(
      "figure",
      { class: "ssm-panel", "data-panel": name, "data-along": along, "data-room": room },
      el("div", { class: "ssm-panel-head" }, this.#title, this.tools),
      this.holder,
      this.#caption,
    );
  }

  #listen() {
    this.holder.addEventListener("pointermove", ({ clientX }) =>
      this.#point(clientX - this.holder.getBoundingClientRect().left),
    );
    this.holder.addEventListener("pointerleave", () => this.#point(null));
  }

  /** Read the lines under the pointer, or say the usual again. */
  #point(x) {
    this.#pointed = x;
    if (this.spec && !this.#late) this.#say(this.#usual);
  }

  #say(usual) {
    this.#usual = usual;
    say(this.#words, (this.#pointed === null ? null : probed(this.panel, this.#pointed)) ?? usual);
  }

  /** Show a definition of the spec. @param {any} spec @param {"v"|"h"} orientation */
  async define(spec, orientation) {
    this.spec = spec;
    this.#size = "";
    await this.panel.define(spec, orientation);
  }

  /** A line across the picture that is a setting. @param {string} setting @param {import("../controls/level.js").Level} level */
  cross(setting, level) {
    this.#setting = setting;
    this.#level = level;
    this.holder.append(level.node);
  }

  /** Settings that a frame keeps as they are: the line of one of them is no slider. @param {Set<string>} fixed */
  fix(fixed) {
    this.#fixed = fixed.has(this.#setting);
  }

  #placeLevel({ settings, axes }) {
    const { box, on } = this.panel;
    const [low, high] = axes.values[this.spec.scale];
    const value = settings[this.#setting];
    const inside = Math.log10(value) >= low && Math.log10(value) <= high;
    this.#level.node.hidden = this.#fixed || !inside;
    if (inside) this.#level.place(value, { left: box.left, top: box.top + on.value.at(value), width: box.width });
  }

  /** Where the title stands among the headings. @param {number} level */
  rank(level) {
    this.#title.setAttribute("aria-level", String(level));
  }

  /** Take the size that the page leaves; whether that changed. */
  fit() {
    const { clientWidth, clientHeight } = this.holder,
      size = `${clientWidth} ${clientHeight}`;
    if (!clientWidth || size === this.#size) return false;
    this.#size = size;
    this.panel.resize(clientWidth, clientHeight);
    return true;
  }

  /** Keep what is drawn, dimmed, or draw again. @param {boolean} late */
  hold(late) {
    this.#late = late;
    this.node.classList.toggle("ssm-stale", late);
  }

  /** @param {any} frame of the Panel @param {Record<string, any>} numbers */
  draw(frame, numbers) {
    if (this.#late) return;
    this.panel.draw(frame);
    if (this.#level) this.#placeLevel(frame);
    say(this.#title, plain(this.spec.title, numbers));
    this.#title.title = this.#title.textContent;
    this.panel.node.setAttribute("aria-label", plain(this.spec.label, numbers));
    this.drawn?.();
  }

  /** The line below: what a lit class reads, or what is shown. @param {Record<string, any>} numbers @param {any} lit numbers of the lit class, or null @param {boolean} offer to make it the target */
  read(numbers, lit, offer) {
    if (this.#late) return;
    const reading = lit && this.spec.reading.length > 0;
    if (this.spec.content.length) fill(this.#words, this.spec.caption, numbers);
    else this.#say(reading ? plain(this.spec.reading, lit) : plain(this.spec.caption, numbers));
    this.#words.title = this.#words.textContent;
    this.#caption.classList.toggle("ssm-reading", reading);
    this.#choose.hidden = !(reading && offer);
    if (offer && lit) this.#choose.setAttribute("aria-label", `make ${lit.name} the target`);
  }
}
