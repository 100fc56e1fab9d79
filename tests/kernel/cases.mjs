/** Problems, settings and constants that the tests of the kernel share. */

import { random } from "../../assets/kernel/problem.js";

export const CONSTANTS = {
  SHOWN_ALL: 50,
  SHOWN: 13,
  SHOWN_TOP: 7,
  WATCHED: 5,
  TERMS: 12,
  BLOCKS: 8,
  DOTS: 200,
  MASS_ENDS: [10, 100, 1000],
  RANK_GROWTH: 1.04,
  CHECKPOINT_GROWTH: 1.08,
  OTHER_SEEDS: 20,
  OTHER_SEEDS_WORK: 400_000,
};

export const SETTINGS = {
  problem: "article",
  table: "",
  classes: 1_000,
  spread: 2,
  target: 7,
  edits: [],
  samples: 3,
  noise: "uniform",
  power: 0.75,
  temperature: 1,
  weights: [],
  estimator: "sampled_softmax",
  hits: "rejected",
  draws: 200,
  seed: 810,
  device: "cpu",
  draw: 1,
  average: "all",
  view: "distance",
  scale: "scores",
};

/** The article's example: scores of horse and nine others. */
export const ARTICLE = {
  names: (c) => `class ${c}`,
  scores: Float64Array.of(-1.45, -2, -2.9, 1.4, -2.3, -0.1, -4.5, 1.65, -6, 0.3),
  counts: null,
};

export const randomProblem = (n, spread = 2) => random(n, spread);
