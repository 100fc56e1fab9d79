/** Grips: what dragging a bar changes. A score becomes the height it was dragged to, a weight whatever makes its probability so. */

import { withPair } from "./settings.js";

const LEAST_WEIGHT = 1e-6; // of a class whose bar is dragged to the ground
const LEAST_PROBABILITY = 1e-4,
  MOST_PROBABILITY = 0.95; // that a bar of custom noise can be dragged to

/**
 * @typedef {object} Acts
 * @property {() => any} view as it is shown
 * @property {() => any} settings
 * @property {(c: number) => string} names
 * @property {(patch: any, live: boolean) => void} change
 * @property {(c: number) => void} light
 * @property {(c: number) => void} pick
 * @property {(on: boolean) => void} hold
 */

/** @param {string} what @param {string} column of the view's classes @param {{low: number, high: number}} limit @param {Acts} acts */
function common(what, column, limit, acts) {
  const read = (c) => {
    const { classes } = acts.view();
    return {
      value: classes[column][classes.index.indexOf(c)] ?? 0,
      low: limit.low,
      high: limit.high,
      name: acts.names(c),
    };
  };
  return {
    what,
    read,
    height: (c) => read(c).value,
    reader: () => (height) => height,
    light: acts.light,
    pick: acts.pick,
    hold: acts.hold,
  };
}

/** Where scores are drawn as weights, relative to the target's, a height w means the target's score + log w. @param {Acts} acts */
function heights(acts) {
  const weighs = () => acts.settings().scale === "weights";
  const scoreOf = ({ classes }, c) => classes.score[classes.index.indexOf(c)] ?? 0;
  const height = (c) =>
    weighs() ? Math.exp(scoreOf(acts.view(), c) - acts.view().classes.score_target) : scoreOf(acts.view(), c);
  const reader = () => {
    const target = acts.view().classes.score_target;
    return weighs() ? (weight) => target + Math.log(Math.max(weight, LEAST_WEIGHT)) : (score) => score;
  };
  return { height, reader };
}

/** @param {any} fields of the spec @param {Acts} acts @returns {import("../controls/handles.js").Grip} */
export function scoreGrip(fields, acts) {
  return {
    ...common("score of", "score", fields.edits, acts),
    ...heights(acts),
    round: (value) => Math.round(value * 100) / 100,
    step: (value, direction, large) => value + direction * (large ? 1 : 0.1),
    write: (c, value, live) => acts.change({ edits: withPair(acts.settings().edits, c, value) }, live),
  };
}

/** @param {any} fields of the spec @param {Acts} acts @returns {import("../controls/handles.js").Grip} */
export function weightGrip(fields, acts) {
  return {
    ...common("noise probability of", "noise", { low: LEAST_PROBABILITY, high: MOST_PROBABILITY }, acts),
    round: (value) => value,
    step: (value, direction, large) => value * (large ? 2 : 1.1) ** direction,
    write: (c, value, live) =>
      acts.change({ weights: withPair(acts.settings().weights, c, weightFor(c, value, fields, acts)) }, live),
  };
}

/** What a grip changes, and under which settings it can be held. */
export const GRIPS = {
  score: { make: scoreGrip, writes: "edits", free: () => true },
  weight: { make: weightGrip, writes: "weights", free: ({ noise }) => noise === "custom" },
};

/** The weight that gives a class a probability while all others keep theirs. */
function weightFor(c, probability, fields, acts) {
  const { weights, hits, target } = acts.settings(),
    given = new Map(weights),
    weightOf = (k) => given.get(k) ?? 1;
  let others = acts.view().classes.n - given.size - (given.has(c) ? 0 : 1);
  for (const [k, w] of given) if (k !== c) others += w;
  if (hits === "excluded" && c !== target) others -= weightOf(target);
  const weight = Number(((others * probability) / (1 - probability)).toPrecision(4));
  return Math.min(fields.weights.high, Math.max(fields.weights.low, weight));
}
