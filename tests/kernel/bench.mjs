/**
 * How long the page's kernel takes for one frame of a drag: `node tests/kernel/bench.mjs`. It prints and judges nothing.
 * Each frame's time is the least of several drags, so that a busy machine does not spoil it.
 * `node --cpu-prof tests/kernel/bench.mjs` writes a profile beside it.
 */

import { moments } from "../../assets/kernel/moments.js";
import { logProbs } from "../../assets/kernel/noise.js";
import { edited, random } from "../../assets/kernel/problem.js";
import { view } from "../../assets/kernel/view.js";
import { CONSTANTS, SETTINGS } from "./cases.mjs";

const LIVE = { samples: 100_000, classes: 20_000, exponentials: 1_000_000 };
const FRAMES = 240;
const DRAGS_EACH = 3;

/** Frames of a drag there and back: each a patch of the settings. */
const DRAGS = {
  samples: (i) => ({ samples: 1 + Math.floor(100 * Math.abs(Math.sin(i / 40))) }),
  score: (i) => ({ edits: [[4, 2 * Math.sin(i / 20)]] }),
  target: (i) => ({ edits: [[0, 2 * Math.sin(i / 20)]] }),
  "step of the player": (i) => ({ draw: 1 + (i % 200), average: "so_far" }),
};

function quantile(values, part) {
  return values.toSorted((a, b) => a - b)[Math.floor(part * (values.length - 1))];
}

function frames(base, noise, drag) {
  const memo = {};
  let problem = null;
  let key = "";
  const times = [];
  for (let i = 0; i < FRAMES; i++) {
    const s = { ...SETTINGS, target: 0, samples: 50, noise, ...drag(i) };
    if (problem === null || key !== JSON.stringify(s.edits)) problem = edited(base, s.edits);
    key = JSON.stringify(s.edits);
    const start = performance.now();
    view(problem, s, { constants: CONSTANTS, budget: LIVE, memo });
    times.push(performance.now() - start);
  }
  return times;
}

/** Each frame's least time over some drags. */
function time(base, noise, drag) {
  const all = Array.from({ length: DRAGS_EACH }, () => frames(base, noise, drag));
  return all[0].map((_, i) => Math.min(...all.map((times) => times[i])));
}

const ESTIMATORS = {
  sampled_softmax: "rejected",
  naive_importance: "kept",
  log_q: "rejected",
  uncorrected: "rejected",
  nce: "kept",
  negative_sampling: "kept",
};

/** What of the moments a frame computes anew. */
const ANEW = {
  everything: ({ x, logQ, ...rest }) => ({ ...rest, x: x.slice(), logQ: logQ.slice() }),
  "scores alone": ({ x, ...rest }) => ({ ...rest, x: x.slice() }),
  "samples alone": (subject, i) => ({ ...subject, k: 20 + i }),
};

/** The exact moments by themselves, for each estimator. @param {(label: string) => boolean} wanted */
function timeMoments(n, wanted) {
  const { scores: x, counts } = random(n, 2);
  const logQ = logProbs({ scores: x, counts }, { ...SETTINGS, noise: "unigram" });
  for (const [estimator, hits] of Object.entries(ESTIMATORS)) {
    for (const [name, anew] of Object.entries(ANEW)) {
      const label = `${n.toLocaleString("en")} classes, moments, ${estimator}, ${name}`;
      if (!wanted(label)) continue;
      const memo = {};
      const times = Array.from({ length: 20 }, (_, i) => {
        const subject = anew({ x, t: 0, logQ, k: 50, estimator, hits }, i);
        const start = performance.now();
        moments(subject, memo);
        return performance.now() - start;
      });
      print(label, times);
    }
  }
}

function print(label, times) {
  const [middle, most] = [0.5, 0.95].map((part) => quantile(times, part).toFixed(2));
  console.log(`${label.padEnd(62)} median ${middle.padStart(6)} ms  95 % ${most.padStart(6)} ms`);
}

const only = process.argv[2];
const wanted = (label) => !only || label.includes(only);
for (const n of [50, 1_000, 17_091, 20_000]) timeMoments(n, wanted);
for (const n of [50, 1_000, 17_091]) {
  const base = random(n, 2);
  for (const noise of ["uniform", "unigram", "softmax"]) {
    for (const [name, drag] of Object.entries(DRAGS)) {
      const label = `${n.toLocaleString("en")} classes, ${noise} noise, ${name}`;
      if (wanted(label)) print(label, time(base, noise, drag));
    }
  }
}
