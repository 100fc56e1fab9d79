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
