/**
 * How long the page's kernel takes for one frame of a drag: `node tests/kernel/bench.mjs`. It prints and judges nothing.
 * Each frame's time is the least of several drags, so that a busy machine does not spoil it.
 * `node --cpu-prof tests/kernel/bench.mjs` writes a profile beside it.
 */

import { edited, random } from "../../assets/kernel/problem.js";
import { view } from "../../assets/kernel/view.js";
import { CONSTANTS, SETTINGS } from "./cases.mjs";

const LIVE = { samples: 100_000, classes: 2_000 };
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

const only = process.argv[2];
for (const n of [50, 1_000, 17_091]) {
  const base = random(n, 2);
  for (const noise of ["uniform", "unigram", "softmax"]) {
    for (const [name, drag] of Object.entries(DRAGS)) {
      const label = `${n.toLocaleString("en")} classes, ${noise} noise, ${name}`;
      if (only && !label.includes(only)) continue;
      const times = time(base, noise, drag);
      const [middle, most] = [0.5, 0.95].map((part) => quantile(times, part).toFixed(2));
      console.log(`${label.padEnd(55)} median ${middle.padStart(6)} ms  95 % ${most.padStart(6)} ms`);
    }
  }
}
