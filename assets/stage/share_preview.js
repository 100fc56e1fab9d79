/** The preview: the link itself, in a frame as wide as a phone, a column or a desktop, scaled to fit. */

import { el, say, unique } from "../controls/dom.js";

/** @typedef {import("./share.js").Doors} Doors @typedef {import("./share.js").Section} Section */

const WIDTHS = { 390: "phone, 390 px", 800: "800 px", 1280: "1,280 px" };
const PAUSE = 400; // ms without a change, before the page is loaded again

/** @param {Doors} doors @returns {Section} */
export function preview({ grown }) {
  const view = new Preview(grown);
  return { title: "Preview", node: view.node, show: (now) => view.show(now), close: () => view.close() };
}

class Preview {
  /** @type {any} */ node;
  #grown;
  #box = el("div", { class: "ssm-preview", role: "region", tabindex: "0", "aria-label": "The page in its frame" });
  #size = el("p", { class: "ssm-help", role: "status" });
  /** @type {any} */ #frame = null;
  /** @type {any} */ #timer = null;
  #width = 800;
  #height = 0;
  #wanted = "";
  /** Ends with the dialog. @type {AbortController|null} */ #open = null;

  /** @param {(height: number) => void} grown hears of the height that the page asks for */
  constructor(grown) {
    this.#grown = grown;
    const name = unique("width");
    const radios = Object.entries(WIDTHS).map(([value, words]) => this.#radio(name, Number(value), words));
    const widths = el("fieldset", { class: "ssm-widths" }, el("legend", {}, "width"), ...radios);
    this.node = el("div", {}, widths, this.#box, this.#size);
  }

  #radio(name, value, words) {
    const act = () => {
      this.#width = value;
      this.#fit();
    };
    const input = el("input", { type: "radio", name, value, checked: value === this.#width, onchange: act });
    return el("label", { class: "ssm-check" }, input, el("span", {}, words));
  }

  /** @param {import("./share.js").Now} now */
  show({ embedded, height }) {
    this.#height = height;
    this.#open ??= this.#watch();
    this.#fit();
    if (embedded === this.#wanted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#load(), this.#wanted ? PAUSE : 0);
    this.#wanted = embedded;
  }

  #watch() {
    const open = new AbortController();
    const resized = new ResizeObserver(() => this.#fit());
    resized.observe(this.#box);
    open.signal.addEventListener("abort", () => resized.disconnect());
    addEventListener("message", (event) => this.#hear(event), { signal: open.signal });
    return open;
  }

  close() {
    this.#open?.abort();
    this.#open = null;
    clearTimeout(this.#timer);
    this.#wanted = "";
    this.#frame?.remove();
    this.#frame = null;
  }

  /** A new frame each time: a frame that goes elsewhere would leave its old page in the reader's way back. */
  #load() {
    this.#frame?.remove();
    this.#frame = el("iframe", { title: "Preview", src: this.#wanted, inert: true });
    this.#box.append(this.#frame);
    this.#fit();
  }

  #fit() {
    if (!this.#frame) return;
    const scale = Math.min(1, this.#box.clientWidth / this.#width);
    const { style } = this.#frame;
    Object.assign(style, { width: `${this.#width}px`, height: `${this.#height}px`, transform: `scale(${scale})` });
    style.marginBottom = `${(scale - 1) * this.#height}px`; // a transform leaves the room as it was
    style.marginRight = `${(scale - 1) * this.#width}px`;
    say(this.#size, `${this.#width.toLocaleString("en")} by ${this.#height.toLocaleString("en")} px`);
  }

  #hear({ source, data }) {
    if (!this.#frame || source !== this.#frame.contentWindow || data?.subject) return;
    if (Number.isInteger(data?.height)) this.#grown(data.height);
  }
}
