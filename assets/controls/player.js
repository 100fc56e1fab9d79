/**
 * The draw: one primary action, "Draw again", the samples of this draw as chips, and a quiet player to step, play and
 * scrub along the draws. The draws themselves are the seed's.
 */

import { grouped } from "../panels/texts.js";
import { Chips } from "./chips.js";
import { button, el, icon, say } from "./dom.js";

const SPEEDS = { 1600: "slow", 800: "½×", 400: "1×", 200: "2×", 100: "4×", 40: "10×" };
const ICONS = {
  restart: "M10 3a7 7 0 1 1-6.7 5l1.9.6A5 5 0 1 0 10 5v3L5.5 4 10 0z",
  back: "M5 4h2v12H5zM16 4v12l-8-6z",
  play: "M5 3l12 7-12 7z",
  pause: "M5 4h3.5v12H5zM11.5 4H15v12h-3.5z",
};

function quietly(label, onclick, content) {
  return el(
    "button",
    { type: "button", class: "ssm-button ssm-quiet", "aria-label": label, title: label, onclick },
    content,
  );
}

const options = (choices, chosen) =>
  Object.entries(choices).map(([value, words]) => el("option", { value, selected: value === chosen }, words));

/**
 * @typedef {object} Acts
 * @property {(draw: number, by: number) => void} go to a draw, `by` so many steps
 * @property {() => void} rest the hand has left
 * @property {(average: string) => void} average
 * @property {(on: boolean) => void} playing
 */

export class Player {
  /** @type {any} */ again;
  chips = new Chips();
  /** @type {HTMLElement} */ node;
  /** @type {HTMLElement} */ primary;
  /** @type {any} */ quiet;
  /** @type {Acts} */ #acts;
  /** @type {any} */ #play;
  /** @type {any} */ #scrub;
  /** @type {any} */ #where;
  /** @type {any} */ #speed;
  /** @type {any} */ #average;
  #draw = 1;
  #draws = 1;
  /** @type {any} */ #timer = null;

  /** @param {Acts} acts */
  constructor(acts) {
    this.#acts = acts;
    this.again = button("Draw again", () => this.#jump(this.#draw < this.#draws ? this.#draw + 1 : 1), "ssm-primary");
    this.#play = el(
      "button",
      {
        type: "button",
        class: "ssm-button ssm-play",
        "aria-label": "Play",
        title: "Play",
        onclick: () => this.toggle(),
      },
      icon(ICONS.play),
    );
    this.primary = el("div", { class: "ssm-primary-row" }, this.again, this.#play);
    this.quiet = this.#quieter();
    this.node = el(
      "div",
      { class: "ssm-draw", role: "group", "aria-label": "Draw" },
      this.primary,
      this.chips.node,
      this.quiet,
    );
  }

  #quieter() {
    this.#scrub = el("input", { type: "range", class: "ssm-track", min: "1", step: "1", "aria-label": "draw" });
    this.#scrub.addEventListener("input", () => this.#jump(Number(this.#scrub.value), true));
    this.#scrub.addEventListener("change", () => this.#acts.rest());
    this.#where = el("output", { class: "ssm-where" });
    const buttons = el(
      "div",
      { class: "ssm-player-buttons" },
      quietly("Restart", () => this.#jump(1), icon(ICONS.restart)),
      quietly("Step back", () => this.#jump(this.#draw - 1), icon(ICONS.back)),
      quietly("+10", () => this.#jump(this.#draw + 10), "+10"),
      quietly("+100", () => this.#jump(this.#draw + 100), "+100"),
      this.#where,
    );
    return el(
      "div",
      { class: "ssm-player", role: "group", "aria-label": "Player" },
      buttons,
      this.#scrub,
      this.#choices(),
    );
  }

  #choices() {
    this.#speed = el("select", { class: "ssm-select", "aria-label": "speed" }, ...options(SPEEDS, "400"));
    this.#speed.addEventListener("change", () => this.playing && this.#start());
    this.#average = el(
      "select",
      { class: "ssm-select", "aria-label": "average over" },
      ...options({ all: "all draws", so_far: "draws so far" }, "all"),
    );
    this.#average.addEventListener("change", () => this.#acts.average(this.#average.value));
    return el(
      "div",
      { class: "ssm-player-choices" },
      el("label", {}, "average of ", this.#average),
      el("label", {}, "speed ", this.#speed),
    );
  }

  /** Show a draw. @param {number} draw @param {number} draws @param {string} average */
  set(draw, draws, average) {
    const words = `draw ${grouped(draw)} of ${grouped(draws)}`;
    this.#draw = draw;
    this.#draws = draws;
    this.#average.value = average;
    this.#scrub.max = draws;
    this.#scrub.value = draw;
    this.#scrub.style.setProperty("--filled", `${(100 * (draw - 1)) / Math.max(1, draws - 1)}%`);
    this.#scrub.setAttribute("aria-valuetext", words);
    say(this.#where, words);
  }

  /** What a frame lets be seen and moved. @param {{hidden: string[], locked: string[], player: boolean}} frame */
  frame({ hidden, locked, player }) {
    const gone = hidden.includes("draw");
    this.node.classList.toggle("ssm-playerless", !player);
    this.quiet.hidden = !player || gone;
    for (const node of [this.node, this.again]) node.hidden = gone;
    const moving = [this.again, this.#play, ...this.quiet.querySelectorAll("button, input, select")];
    for (const node of moving) node.disabled = locked.includes("draw");
    this.#average.disabled = locked.includes("average");
    this.#average.parentElement.hidden = hidden.includes("average");
  }

  get playing() {
    return this.#timer !== null;
  }

  /** ms that one step has; the motion of a step fits into it. */
  get pace() {
    return Number(this.#speed.value);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.#start();
  }

  start() {
    if (!this.playing) this.#start();
  }

  pause() {
    if (!this.playing) return;
    this.#stop();
    this.#acts.playing(false);
    this.#acts.rest();
  }

  #start() {
    this.#stop();
    this.#acts.playing(true);
    this.#label("pause", "Pause");
    this.#timer = setInterval(() => this.#next(), this.pace);
    if (this.#draw >= this.#draws) this.#acts.go(1, 0);
  }

  #next() {
    if (this.#draw >= this.#draws) this.pause();
    else this.#acts.go(this.#draw + 1, 1);
  }

  #stop() {
    clearInterval(this.#timer);
    this.#timer = null;
    this.#label("play", "Play");
  }

  #label(name, words) {
    this.#play.replaceChildren(icon(ICONS[name]));
    this.#play.title = words;
    this.#play.setAttribute("aria-label", words);
  }

  #jump(draw, scrubbing = false) {
    if (this.playing) this.#acts.playing(false);
    this.#stop();
    const to = Math.max(1, Math.min(this.#draws, draw));
    this.#acts.go(to, scrubbing ? 0 : to - this.#draw);
    if (!scrubbing) this.#acts.rest();
  }
}
