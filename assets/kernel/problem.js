/** Where scores come from: the problems as the page holds them, and the same with bars dragged by hand. */

import { normals } from "./philox.js";

/** @typedef {import("../types").Problem} Problem @typedef {import("../types").Settings} Settings */
/**
 * @typedef {{key: string, all: string[] | null, names: (c: number) => string, scores: Float64Array,
 *   counts: Float64Array | null}} Base an unedited problem
 * @typedef {{names: string[], scores: number[], counts: number[] | null}} Listing as the server sends one
 */

/** @param {number} c */
const numbered = (c) => `class ${c}`;

/** Counts of classes as frequent as their rank lets them be. @param {number} n */
const zipf = (n) => Float64Array.from({ length: n }, (_, c) => 1e6 / (c + 1));

/**
 * Normal scores of a given standard deviation.
 * @param {number} n @param {number} spread @param {Float64Array} standard at least n standard normals
 * @returns {Base}
 */
export function random(n, spread, standard = normals(0, n)) {
  const scores = standard.subarray(0, n).map((z) => spread * z);
  return { key: `random ${n} ${spread}`, all: null, names: numbered, scores, counts: zipf(n) };
}

/** @param {string} key @param {Listing} listing @returns {Base} */
export const listed = (key, { names, scores, counts }) => ({
  key,
  all: names,
  names: (c) => names[c],
  scores: Float64Array.from(scores),
  counts: counts && Float64Array.from(counts),
});

/**
 * A problem with dragged scores in it. Its `base` stays the array that it was made from, so that a sort can be patched.
 * @param {Base} base @param {Settings["edits"]} edits @returns {Problem}
 */
export function edited(base, edits) {
  const inside = edits.filter(([c]) => c < base.scores.length);
  const scores = inside.length ? base.scores.slice() : base.scores;
  for (const [c, score] of inside) scores[c] = score;
  return { names: base.names, counts: base.counts, scores, base: base.scores, edits: inside };
}

/** Problems by what the settings call them, each fetched or made once. */
export class Problems {
  /** @type {Map<string, Base>} */
  #held = new Map();
  /** @type {Set<string>} */
  #asked = new Set();
  /** @type {Base | null} */
  #random = null;
  #normals = new Float64Array(0);
  /** @type {{base: Base | null, key: string, problem: Problem | null}} */
  #edited = { base: null, key: "", problem: null };

  /**
   * @param {(url: string) => Promise<Listing>} load fetches one
   * @param {number} most classes that the page computes itself
   * @param {() => void} arrived called when a problem that was not here is
   */
  constructor(load, most, arrived) {
    this.load = load;
    this.most = most;
    this.arrived = arrived;
  }

  /**
   * The unedited problem, or null where it is not here (yet).
   * @param {Settings} s @param {Record<string, string>} urls of the problems that the server lists
   */
  base(s, urls) {
    if (s.problem === "random") return s.classes > this.most ? null : this.#draw(s.classes, s.spread);
    const url = urls[s.problem];
    if (url && !this.#held.has(url)) this.#ask(url);
    return this.#held.get(url) ?? null;
  }

  /**
   * The same with dragged scores in it; the same object until something changes.
   * @param {Settings} s @param {Record<string, string>} urls
   */
  problem(s, urls) {
    const base = this.base(s, urls);
    if (!base) return null;
    const key = JSON.stringify(s.edits);
    if (this.#edited.base !== base || this.#edited.key !== key) {
      this.#edited = { base, key, problem: edited(base, s.edits) };
    }
    return this.#edited.problem;
  }

  /** @param {number} n @param {number} spread */
  #draw(n, spread) {
    if (this.#random?.key === `random ${n} ${spread}`) return this.#random;
    if (this.#normals.length < n) this.#normals = normals(0, Math.max(n, 2 * this.#normals.length));
    this.#random = random(n, spread, this.#normals);
    return this.#random;
  }

  /** @param {string} url */
  async #ask(url) {
    if (this.#asked.has(url)) return;
    this.#asked.add(url);
    try {
      this.#held.set(url, listed(url, await this.load(url)));
      this.arrived();
    } catch {
      this.#asked.delete(url); // the server answers without a preview; the next change tries again
    }
  }
}
