/** The desk: every control of the settings, the drawer that holds the rarer ones, and what follows from a choice. */

import { choiceControl, classControl, el, numberControl } from "./controls.js";
import { directory } from "./sources.js";

const FRONT = ["problem", "classes", "samples", "noise", "target"];
const DRAWER = ["spread", "hits", "draws", "seed", "device"];
const MEMORY = "ssm-more-controls";

const button = (words, onclick, style = "ssm-button ssm-wide") => el("button", { type: "button", class: style, onclick }, words);

/** What a browser that forbids storage answers: nothing. */
function remember(value = null) {
  try {
    if (value !== null) localStorage.setItem(MEMORY, value);
    return localStorage.getItem(MEMORY);
  } catch {
    return null;
  }
}

export class Desk {
  /**
   * @param {object} spec the stage's document @param {boolean} embedded
   * @param {{settings: () => object, change: (patch, live) => void, say: (sentence: string) => void, own: () => void,
   *   moved: () => void}} act
   */
  constructor(spec, embedded, act) {
    Object.assign(this, { spec, act });
    this.controls = this.#make();
    const c = this.controls;
    c.problem.options(spec.problems);
    // A noise's own parameter takes the place of its line of help: nothing moves when another noise is chosen.
    c.noise.node.append(c.power.node, c.temperature.node);
    for (const name of ["power", "temperature"]) c[name].node.classList.add("ssm-inset");
    c.seed.node.append(button("New seed", () => act.change({ seed: crypto.getRandomValues(new Uint32Array(1))[0], draw: 1 })));
    this.own = button("Paste or load scores…", () => act.own());
    this.undo = button("Undo dragged bars", () => act.change({ edits: [], weights: [] }));
    this.more = button("", () => {
      this.#open(this.drawer.hidden);
      remember(this.drawer.hidden ? "closed" : "open");
    }, "ssm-more");
    this.drawer = el("div", { class: "ssm-drawer" }, ...DRAWER.map((name) => c[name].node), el("div", { class: "ssm-actions" }, this.own, this.undo));
    this.front = el("div", { class: "ssm-controls" }, ...FRONT.map((name) => c[name].node), this.more);
    c.view.select.removeAttribute("aria-describedby"); // it sits in the head of its panel, without its line of help
    this.viewSwitch = c.view.select;
    this.#open(remember() === "open" && !embedded);
  }

  #make() {
    const made = {}, { fields } = this.spec;
    for (const [name, field] of Object.entries(fields)) {
      const hear = { tell: (value, live) => this.#chosen(name, value, live), refuse: (sentence) => this.act.say(sentence) };
      if (name === "target") made[name] = classControl(name, field, hear);
      else if (name === "device") made[name] = choiceControl(name, field, hear, this.spec.devices);
      else if (field.kind === "choice") made[name] = choiceControl(name, field, hear);
      else if (field.kind === "whole" || field.kind === "real") made[name] = numberControl(name, field, hear);
    }
    return made;
  }

  #open(open) {
    this.drawer.hidden = !open;
    this.more.setAttribute("aria-expanded", String(open));
    this.more.textContent = open ? "Fewer controls" : "More controls";
    this.act.moved();
  }

  /** A choice, and what must change with it so that the settings agree. */
  #chosen(name, value, live) {
    const { draw, target, edits, weights } = this.act.settings();
    const inside = (pairs) => pairs.filter(([c]) => c < value);
    if (name === "problem") this.#chooseProblem(value);
    else if (name === "classes") this.act.change({ classes: value, target: Math.min(target, value - 1), edits: inside(edits), weights: inside(weights) }, live);
    else if (name === "draws") this.act.change({ draws: value, draw: Math.min(draw, value) }, live);
    else this.act.change({ [name]: value }, live);
  }

  #chooseProblem(problem) {
    const s = this.act.settings();
    if (problem === "own" && !s.own) {
      this.controls.problem.set(s.problem);
      return this.act.own();
    }
    this.act.change({ problem, target: this.spec.targets[problem] ?? null, edits: [], weights: [], draw: 1, average: "all" });
  }

  /**
   * Show settings.
   * @param {object} s @param {{count: number, counted: boolean, names: (c: number) => string, all: string[]|null}} classes
   */
  show(s, { count, counted, names, all }) {
    const c = this.controls, random = s.problem === "random";
    c.classes.set(random ? s.classes : count, { fixed: !random });
    c.classes.help(random ? this.spec.fields.classes.help : `Fixed by ${s.problem === "own" ? "your table" : "the example"}.`);
    c.samples.set(s.samples, { high: Math.min(this.spec.fields.samples.high, Math.max(20, 2 * count)) });
    c.noise.disable(counted ? [] : ["unigram"]);
    for (const name of ["problem", "noise", "spread", "power", "temperature", "hits", "draws", "seed", "device", "view"]) c[name].set(s[name]);
    c.power.node.hidden = s.noise !== "unigram";
    c.temperature.node.hidden = s.noise !== "softmax";
    c.noise.node.classList.toggle("ssm-with-inset", ["unigram", "softmax"].includes(s.noise));
    c.spread.node.hidden = !random;
    const key = `${s.problem} ${s.own} ${count} ${all ? "named" : ""}`;
    if (this.listing?.key !== key) this.listing = directory(key, count, all ? (k) => all[k] : names, all);
    if (s.target !== null) c.target.set(s.target, this.listing);
    this.own.hidden = s.problem !== "own";
    this.undo.disabled = s.edits.length + s.weights.length === 0;
  }
}
