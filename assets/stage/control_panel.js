/** The control panel: every control of the settings, the drawer that holds the rarer ones, and what a frame locks or hides. */

import { ChoiceControl } from "../controls/choice.js";
import { ClassPicker } from "../controls/class_picker.js";
import { button, el } from "../controls/dom.js";
import { NumberControl } from "../controls/number.js";
import { SeveralControl } from "../controls/several.js";
import { recall, remember } from "./memory.js";
import { directory } from "./problems.js";

const FRONT = ["problem", "classes", "samples", "noise", "target", "batch", "dim"];
const DRAWER = ["spread", "estimator", "hits", "draws", "seed", "device"];
const SIMPLE = [
  "noise",
  "spread",
  "power",
  "temperature",
  "estimator",
  "hits",
  "draws",
  "seed",
  "device",
  "view",
  "scale",
  "batch",
  "dim",
  "tolerance",
  "losses",
  "negatives",
  "examples",
  "width",
];
const INSETS = ["power", "temperature"];
const BY_PLAYER = ["draw", "average"];
const IN_PICTURE = ["tolerance"];
const SWITCHES = ["view", "scale"];
const PROMISING = ["noise", "estimator", "hits"];
const MEMORY = "ssm-more-controls";

/** The kind of control that a field needs; null for one that is set elsewhere: by dragging, by the player, by a dialog. */
function controlOf(name, field, doors, spec) {
  if (BY_PLAYER.includes(name)) return null;
  if (name === "target") return new ClassPicker(name, field, doors);
  if (name === "device") return new ChoiceControl(name, field, doors, spec.devices);
  if (name === "problem") return new ChoiceControl(name, field, doors, spec.problems);
  if (field.kind === "choice") return new ChoiceControl(name, field, doors);
  if (field.kind === "several") return new SeveralControl(name, field, doors);
  return ["whole", "real"].includes(field.kind) ? new NumberControl(name, field, doors) : null;
}

/**
 * @typedef {object} Acts
 * @property {() => any} settings as they are now
 * @property {(patch: any, live?: boolean) => void} change
 * @property {(sentence: string) => void} refuse
 * @property {(() => void)|null} load asks for a table of the viewer's own
 * @property {() => void} moved the drawer has opened or closed
 * @typedef {{count: number, counted: boolean, names: (c: number) => string, all: string[]|null}} Classes
 */

export class ControlPanel {
  /** @type {Record<string, any>} */ controls = {};
  /** @type {any} */ front;
  /** @type {any} */ drawer;
  /** @type {any} */ more;
  #spec;
  /** @type {Acts} */ #acts;
  /** @type {any} */ #listing = null;
  #reseed = button("New seed", () => this.#sow(), "ssm-wide");
  #loader = el("div", { class: "ssm-actions" });

  /** @param {any} spec the stage's document @param {boolean} embedded @param {Acts} acts @param {string[]} also what a page has in front beside the usual */
  constructor(spec, embedded, acts, also) {
    this.#spec = spec;
    this.#acts = acts;
    for (const [name, field] of Object.entries(spec.fields))
      if (!IN_PICTURE.includes(name) || also.includes(name)) this.#add(name, field);
    const nodes = (names) => names.map((name) => this.controls[name].node);
    // A noise's own parameter takes the place of its line of help: nothing moves when another noise is chosen.
    this.controls.noise.node.append(...nodes(INSETS));
    for (const node of nodes(INSETS)) node.classList.add("ssm-inset");
    for (const name of SWITCHES) this.controls[name].select.removeAttribute("aria-describedby");
    this.controls.seed.node.append(this.#reseed);
    if (acts.load) this.#loader.append(button("Paste or load scores…", acts.load, "ssm-wide"));
    this.more = button("", () => this.#toggle(), "ssm-more");
    this.drawer = el(
      "div",
      { class: "ssm-drawer" },
      ...nodes(DRAWER.filter((name) => !also.includes(name))),
      this.#loader,
    );
    this.front = el("div", { class: "ssm-controls" }, ...nodes([...FRONT, ...also]), this.more);
    this.#open(recall(MEMORY) === "open" && !embedded);
  }

  #add(name, field) {
    const tell = (value, live) => this.#chosen(name, value, live);
    const control = controlOf(name, field, { tell, refuse: this.#acts.refuse }, this.#spec);
    if (control) this.controls[name] = control;
  }

  #sow() {
    this.#acts.change({ seed: crypto.getRandomValues(new Uint32Array(1))[0], draw: 1 });
  }

  /** The switch of a panel, without label and help: it sits in the head of what it switches. */
  switch(name) {
    return this.controls[name].select;
  }

  /** On a phone no head has room for a switch: it has its place in the drawer. @param {boolean} phone */
  stow(phone) {
    for (const name of SWITCHES) {
      const { node, select } = this.controls[name];
      if (phone) node.querySelector(".ssm-control-head").after(select);
      if (phone) this.drawer.prepend(node);
      else node.remove();
    }
  }

  /** Lock and hide what a frame names. @param {{hidden: string[], locked: string[]}} frame */
  frame({ hidden, locked }) {
    for (const name of Object.keys(this.#spec.fields))
      for (const node of this.#of(name)) node.classList.toggle("ssm-hidden", hidden.includes(name));
    this.drawer.lastElementChild.classList.toggle("ssm-hidden", hidden.includes("problem"));
    this.more.hidden = [...this.drawer.children].every((node) => node.classList.contains("ssm-hidden"));
    for (const name of locked) this.controls[name]?.lock();
    const fixed = [...hidden, ...locked];
    this.#reseed.disabled = fixed.includes("seed");
    this.#loader.hidden = fixed.includes("problem") || fixed.includes("table");
  }

  /** What a control is seen by; a switch has left its frame for a head. */
  #of(name) {
    const { node, select } = this.controls[name] ?? {};
    return SWITCHES.includes(name) ? [node, select] : node ? [node] : [];
  }

  #toggle() {
    this.#open(this.drawer.hidden);
    remember(MEMORY, this.drawer.hidden ? "closed" : "open");
  }

  #open(open) {
    this.drawer.hidden = !open;
    this.more.setAttribute("aria-expanded", String(open));
    this.more.textContent = open ? "Fewer controls" : "More controls";
    this.#acts.moved();
  }

  #chosen(name, value, live) {
    const { problem, table } = this.#acts.settings();
    if (name !== "problem" || value !== "own" || table) return this.#acts.change({ [name]: value }, live);
    this.controls.problem.set(problem); // a table must be there before it can be shown
    this.#acts.load();
  }

  /** Show settings. @param {any} s @param {Classes} classes */
  show(s, classes) {
    const c = this.controls;
    c.problem.set(s.problem);
    for (const name of SIMPLE) c[name]?.set(s[name]);
    this.#showClasses(s, classes);
    c.samples.set(s.samples, { high: Math.min(this.#spec.fields.samples.high, Math.max(20, 2 * classes.count)) });
    for (const name of PROMISING) c[name].help(this.#spec.fields[name].promises[s[name]]);
    this.#showHits(s);
    c.noise.forbid(classes.counted ? [] : ["unigram"]);
    c.power.node.hidden = s.noise !== "unigram";
    c.temperature.node.hidden = s.noise !== "softmax";
    c.noise.node.classList.toggle("ssm-with-inset", ["unigram", "softmax"].includes(s.noise));
    c.spread.node.hidden = s.problem !== "random";
  }

  /** Where the estimator leaves no choice, what holds there instead of the choices. */
  #showHits({ estimator }) {
    const { hits } = this.controls;
    const { agreements } = this.#spec.fields.hits;
    const closed = agreements.find((rule) => rule.of === "estimator" && !rule.having.includes(estimator));
    hits.select.hidden = Boolean(closed);
    if (closed) hits.help(closed.words);
  }

  #showClasses(s, { count, names, all }) {
    const random = s.problem === "random",
      { classes, target } = this.controls;
    classes.set(random ? s.classes : count, { fixed: !random });
    classes.help(
      random ? this.#spec.fields.classes.help : `Fixed by ${s.problem === "own" ? "your table" : "the example"}.`,
    );
    const key = `${s.problem} ${s.table} ${count} ${all ? "named" : ""}`;
    if (this.#listing?.key !== key) this.#listing = directory(key, count, all ? (k) => all[k] : names, all);
    if (s.target !== null) target.set(s.target, this.#listing);
  }
}
