/** Share: a dialog in which a teacher chooses a frame, sees the page in it, and takes the link along. */

import { button, el, unique } from "../controls/dom.js";
import { toQuery } from "./settings.js";
import { around, controls, panels } from "./share_choices.js";
import { code } from "./share_code.js";
import { copies } from "./share_copies.js";
import { file } from "./share_file.js";
import { figures, pictures } from "./share_home.js";
import { addressOf, queryOf } from "./share_link.js";
import { preview } from "./share_preview.js";

/**
 * @typedef {object} Acts
 * @property {() => any} settings
 * @property {string} home the address below which the pages are
 * @property {() => any} frame as it is shown now
 * @property {() => any} usual the frame of the page, or of the chapter, where a link says nothing
 * @property {() => number} chapter 0 where the page has none
 * @property {() => string[]} panels that can be shown now
 * @property {(name: string) => string} title of a panel
 * @property {string[]} reached the settings that a hand can change on this page
 * @property {boolean} reads whether a sentence reads the picture of this page
 * @property {() => void} opened
 * @property {() => {name: string, title: string, node: any, spec: any}[]} figures the panels that are drawn now
 * @property {() => any} shown what their numbers are made of
 * @property {() => "light"|"dark"} theme
 * @property {(query: string) => void} go to another state of this page
 *
 * @typedef {{frame: any, link: string, embedded: string, file: string, code: (name: string) => string, title: string, height: number, settings: any, usual: any, classes: number, job: boolean}} Now
 *   what is shared: `embedded` is the link of a frame, `file` that of the page as a file, `code` that of a program,
 *   `height` what the frame takes, `job` whether the page shows work in the background, of which there is no file
 * @typedef {{spec: any, acts: Acts, change: (patch: any) => void, grown: (height: number) => void}} Doors
 * @typedef {{title: string, node: any, show: (now: Now) => void, close?: () => void}} Section one part of the dialog
 */

/** The parts of the dialog, in their order; one more is one more. @type {((doors: Doors) => Section)[]} */
const SECTIONS = [panels, controls, around, preview, copies, file, code, pictures, figures];
/** Those that need a server. @type {((doors: Doors) => Section)[]} */
const SERVED = [file, code];
/** Those that a page without one has, which nobody can be led to. @type {((doors: Doors) => Section)[]} */
const ALONE = [pictures, figures];

const HEIGHT = 640; // px of a frame, until the preview has said its own

export class Share {
  /** @type {any} */ button = button("", () => this.open(), "ssm-share-open");
  /** @type {any} */ node;
  #spec;
  #record;
  /** @type {Acts} */ #acts;
  /** @type {Section[]} */ #sections;
  /** @type {any} */ #frame = null;
  #height = HEIGHT;
  #title = el("h2", { id: unique("share"), tabindex: "-1" });

  /** @param {any} spec the stage's document @param {any} record of this page @param {Acts} acts */
  constructor(spec, record, acts) {
    this.#spec = spec;
    this.#record = record;
    this.#acts = acts;
    const change = (patch) => this.#change(patch);
    const grown = (height) => this.#grow(height);
    const { home } = acts;
    const sections = SECTIONS.filter((make) => (home ? !record.job || !SERVED.includes(make) : ALONE.includes(make)));
    this.button.textContent = home ? "Share…" : "Save…";
    this.#title.textContent = home ? "Share this page" : "Save what is shown";
    this.#sections = sections.map((make) => make({ spec, acts, change, grown }));
    this.node = this.#make();
  }

  #make() {
    const title = this.#title;
    const close = button("Close", () => this.node.close());
    const head = el("div", { class: "ssm-share-head" }, title, close);
    const body = el("div", { class: "ssm-share-body" }, ...this.#sections.map(sectionOf));
    const node = el("dialog", { class: "ssm-share", "aria-labelledby": title.id }, head, body);
    node.addEventListener("close", () => this.#close());
    // The stage listens for hands on its panels, and the dialog stands in it for its colours alone.
    for (const kind of ["pointerdown", "keydown"]) node.addEventListener(kind, (event) => event.stopPropagation());
    return node;
  }

  /** Begin with what the reader sees. */
  open() {
    this.#acts.opened();
    this.#frame = structuredClone(this.#acts.frame());
    this.#height = HEIGHT;
    this.node.showModal();
    this.#title.focus();
    this.#show();
  }

  #close() {
    for (const { close } of this.#sections) close?.();
  }

  #change(patch) {
    this.#frame = { ...this.#frame, ...patch };
    this.#show();
  }

  /** The preview has said how high it is. */
  #grow(height) {
    if (height === this.#height) return;
    this.#height = height;
    this.#show();
  }

  #show() {
    const now = this.#now();
    for (const { show } of this.#sections) show(now);
  }

  /** @returns {Now} */
  #now() {
    const { settings, usual, chapter, home } = this.#acts;
    const query = queryOf(settings(), this.#frame, { spec: this.#spec, usual: usual(), chapter: chapter() });
    const at = (path) => (home ? addressOf(path, home) : "");
    const link = `${at(this.#record.path)}?${query}`;
    return {
      frame: this.#frame,
      link,
      embedded: `${link}&embed=true`,
      file: `${at("lesson.html")}?page=${this.#record.name}&${query}`,
      code: (name) => `${at(name)}?${toQuery(settings(), this.#spec.fields)}`,
      title: `Sampled Softmax Explorer: ${this.#record.title}`,
      height: this.#height,
      settings: settings(),
      usual: usual(),
      classes: this.#acts.shown().view.classes.n,
      job: this.#record.job !== null,
    };
  }
}

function sectionOf({ title, node }) {
  const head = el("h3", { id: unique("section") }, title);
  return el("section", { "aria-labelledby": head.id }, head, node);
}
