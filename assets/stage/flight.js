/** The samples in flight: chips that leave the noise bars and land on the score bars; a hit bounces off. */

import { el } from "../controls/dom.js";
import { progress } from "./motion.js";

const MOST = 24; // chips that fly; more would be a cloud
const BOUNCE = 46; // px that a hit is thrown back

export class Flight {
  /** @type {any} */ node = el("div", { class: "ssm-flight", "aria-hidden": "true" });
  /** @type {{node: any, from: {x: number, y: number}, to: {x: number, y: number}, hit: boolean}[]} */ #chips = [];

  /**
   * @param {any} view where the step leads @param {(slot: number) => {x: number, y: number}|null} leave
   * @param {(slot: number) => {x: number, y: number}|null} land both in px of the grid
   */
  start(view, leave, land) {
    const { sample_class: classes, sample_hit: hits } = view.draw;
    this.#chips = classes.slice(0, MOST).flatMap((c, i) => {
      const slot = view.classes.index.indexOf(c),
        from = slot < 0 ? null : leave(slot),
        to = slot < 0 ? null : land(slot);
      return from && to
        ? [{ node: el("i", { class: hits[i] ? "ssm-flyer ssm-flyer-hit" : "ssm-flyer" }), from, to, hit: hits[i] }]
        : [];
    });
    this.node.replaceChildren(...this.#chips.map(({ node }) => node));
  }

  /** Put every chip where it is at time t in [0, 1] of its step. */
  move(t) {
    const p = progress("fly", t),
      back = progress("grow", t);
    for (const { node, from, to, hit } of this.#chips) {
      const lift = 24 * Math.sin(Math.PI * p),
        away = hit ? BOUNCE * back : 0;
      node.style.transform = `translate(${from.x + (to.x - from.x) * p}px, ${from.y + (to.y - from.y) * p - lift - away}px)`;
      node.style.opacity = String(hit ? 1 - back : p < 1 ? 1 : 1 - back);
    }
  }

  end() {
    this.#chips = [];
    this.node.replaceChildren();
  }
}
