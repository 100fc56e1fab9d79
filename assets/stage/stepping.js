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
   * @param {{node: any, names: (c: number) => string, figures: any, scale: () => string,
   *   draw: (name: string|null, view: any, all: any) => void, landed: () => void}} grid `draw` shows a view in all panels
   *   but the noise, or with a name in that one
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
    const { draw, names } = this.#grid,
      glide = pace < STEP;
    if (!glide) this.#launch(to);
    draw("noise", to, series(to, names));
    const move = (t) => {
      const now = between(from, to, t, glide);
      draw(null, now, series(now, names));
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
    const { figures, scale } = this.#grid,
      { score, noise, score_target: own } = to.classes;
    const height = scale() === "weights" ? score.map((x) => Math.exp(x - own)) : score;
    this.#flight.start(
      to,
      (slot) => this.#place(figures.noise, slot, noise),
      (slot) => this.#place(figures.scores_sampled, slot, height),
    );
  }

  /** The end of a bar in px of the grid; null where the panel is not shown. */
  #place({ node, panel }, slot, values) {
    if (node.hidden) return null;
    const grid = this.#grid.node.getBoundingClientRect(),
      box = panel.node.getBoundingClientRect(),
      { x, y } = panel.at(slot, values[slot]);
    return { x: box.left - grid.left + x, y: box.top - grid.top + y };
  }
}
