/** The player: restart, step, play, jump and scrub along the draws. The draws themselves are the seed's. */

import { el } from "./controls.js";
import { grouped } from "./words.js";

const SPEEDS = { 1600: "slow", 800: "½×", 400: "1×", 200: "2×", 100: "4×", 40: "10×" };

const ICONS = {
  restart: "M5 4h2v12H5zM16 4v12l-8-6z",
  back: "M4 4h2v12H4zM14 4v12L7 10z",
  play: "M5 3l12 7-12 7z",
  pause: "M5 4h3.5v12H5zM11.5 4H15v12h-3.5z",
  step: "M6 4l7 6-7 6zM14 4h2v12h-2z",
};

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** `go(draw, playing)` moves to a draw; `rest()` tells that the hand has left. */
export class Player {
  constructor({ go, rest, average }) {
    Object.assign(this, { go, rest });
    this.draw = 1;
    this.draws = 1;
    this.timer = null;
    const button = (name, label, onclick, ...content) => el("button", { type: "button", class: "ssm-button", "aria-label": label, title: label, onclick }, ...(content.length ? content : [icon(name)]));
    this.play = button("play", "Play", () => (this.timer ? this.pause() : this.start()));
    this.scrub = el("input", { type: "range", class: "ssm-track", min: "1", step: "1", "aria-label": "draw" });
    this.scrub.addEventListener("input", () => this.#jump(Number(this.scrub.value), true));
    this.scrub.addEventListener("change", () => this.rest());
    this.where = el("output", { class: "ssm-where" });
    this.speed = el("select", { class: "ssm-select", "aria-label": "speed" }, ...Object.entries(SPEEDS).map(([ms, words]) => el("option", { value: ms, selected: ms === "400" }, words)));
    this.speed.addEventListener("change", () => this.timer && this.start());
    this.average = el("select", { class: "ssm-select", "aria-label": "average over" }, el("option", { value: "all" }, "all draws"), el("option", { value: "so_far" }, "draws so far"));
    this.average.addEventListener("change", () => average(this.average.value));
    this.node = el("div", { class: "ssm-player", role: "group", "aria-label": "Player" },
      button("restart", "Restart", () => this.#jump(1)),
      button("back", "Step back", () => this.#jump(this.draw - 1)),
      this.play,
      button("step", "Step", () => this.#jump(this.draw + 1)),
      button("ten", "Ten draws on", () => this.#jump(this.draw + 10), "+10"),
      button("hundred", "A hundred draws on", () => this.#jump(this.draw + 100), "+100"),
      this.scrub, this.where,
      el("label", { class: "ssm-inline" }, "average of ", this.average),
      el("label", { class: "ssm-inline" }, "speed ", this.speed));
  }

  set(draw, draws, average) {
    this.draw = draw;
    this.draws = draws;
    this.average.value = average;
    this.scrub.max = draws;
    this.scrub.value = draw;
    this.scrub.style.setProperty("--filled", `${(100 * (draw - 1)) / Math.max(1, draws - 1)}%`);
    this.scrub.setAttribute("aria-valuetext", `draw ${grouped(draw)} of ${grouped(draws)}`);
    this.where.textContent = `draw ${grouped(draw)} of ${grouped(draws)}`;
  }

  get playing() {
    return this.timer !== null;
  }

  start() {
    this.#stop();
    if (this.draw >= this.draws) this.go(1);
    this.timer = setInterval(() => {
      if (this.draw >= this.draws) return this.pause();
      this.go(this.draw + 1);
    }, Number(this.speed.value));
    this.#label("pause", "Pause");
  }

  pause() {
    if (!this.timer) return;
    this.#stop();
    this.rest();
  }

  #stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.#label("play", "Play");
  }

  #label(name, words) {
    this.play.replaceChildren(icon(name));
    this.play.title = words;
    this.play.setAttribute("aria-label", words);
  }

  #jump(draw, scrubbing = false) {
    this.#stop();
    this.go(Math.max(1, Math.min(this.draws, draw)));
    if (!scrubbing) this.rest();
  }
}
