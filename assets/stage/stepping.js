/** One step on the screen: samples fly, corrections grow, gradients follow; the panels are drawn at each frame. */

import { series } from "../panels/series.js";
import { Flight } from "./flight.js";
import { between, run, STEP } from "./motion.js";

const CLOCK = { frame: (act) => requestAnimationFrame(act), cancel: (id) => cancelAnimationFrame(id) };

/** Whether the viewer wants no motion. */
export const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export class Stepping {
  #flight = new Flight();
  #grid;
  /** @type {any} */ #step = null;

  /**
   * @param {{node: any, names: (c: number) => string, ends: {start?: any, end?: any},
   *   settings: () => any, draw: (first: boolean, view: any, all: any) => void, landed: () => void}} grid `ends`: the
   *   figures that samples fly between; `draw` shows a view where they start, or in all other panels
   */
  constructor(grid) {
    this.#grid = grid;
    grid.node.append(this.#flight.node);
  }

  get moving() {
    return this.#step !== null;
  }

  /** @param {any} from @param {any} to views @param {number} pace ms */
  start(from, to, pace) {
    const { draw, names, settings } = this.#grid,
      glide = pace < STEP;
    if (!glide) this.#launch(to);
    draw(true, to, series(to, names, settings()));
    const move = (t) => {
      const now = between(from, to, t, glide);
      draw(false, now, series(now, names, settings()));
      this.#flight.move(t);
    };
    this.#step = run(pace, move, () => this.#land(), CLOCK);
  }

  /** Jump to the end. */
  finish() {
    this.#step?.finish();
  }

  #land() {
    this.#step = null;
    this.#flight.end();
    this.#grid.landed();
  }

  #launch(to) {
    const { ends, settings } = this.#grid,
      { score, noise, score_target: own } = to.classes;
    const height = settings().scale === "weights" ? score.map((x) => Math.exp(x - own)) : score;
    this.#flight.start(
      to,
      (slot) => this.#place(ends.start, slot, noise),
      (slot) => this.#place(ends.end, slot, height),
    );
  }

  /** The end of a bar in px of the grid; null where the panel is not shown. */
  #place(figure, slot, values) {
    if (!figure || figure.node.hidden) return null;
    const { panel } = figure;
    const grid = this.#grid.node.getBoundingClientRect(),
      box = panel.node.getBoundingClientRect(),
      { x, y } = panel.at(slot, values[slot]);
    return { x: box.left - grid.left + x, y: box.top - grid.top + y };
  }
}
