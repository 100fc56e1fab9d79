/** What a change brings with it, by the rules that the spec declares. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { patched, toQuery, withPair } from "../../assets/stage/settings.js";

const CLASS = { kind: "below", of: "classes", rule: "a class from 0 to {bound}" };
const PAIRS = { kind: "below", of: "classes", rule: "for classes from 0 to {bound}" };
const FIELDS = {
  problem: { default: "article", resets: ["target", "edits", "weights", "draw", "average"] },
  table: { default: "", key: "own" },
  classes: { default: 1000 },
  target: { default: null, agreements: [CLASS] },
  edits: { default: [], agreements: [PAIRS] },
  noise: {
    default: "uniform",
    agreements: [
      {
        kind: "needs_counts",
        values: ["unigram"],
        instead: "uniform",
        rule: "other than {bound} where classes have no counts",
      },
    ],
  },
  weights: { default: [], agreements: [PAIRS] },
  estimator: { default: "sampled_softmax" },
  hits: {
    default: "rejected",
    agreements: [
      {
        kind: "only_with",
        values: ["excluded"],
        of: "estimator",
        having: ["log_q"],
        instead: "rejected",
        rule: "other than excluded with {bound}",
      },
    ],
  },
  draws: { default: 200 },
  draw: { default: 1, agreements: [{ kind: "at_most", of: "draws", rule: "at most the number of draws, {bound}" }] },
  average: { default: "all" },
  seed: { default: 810 },
};
const NOW = {
  problem: "article",
  table: "",
  classes: 1000,
  target: 7,
  edits: [
    [3, 1.5],
    [9, 2],
  ],
  noise: "unigram",
  weights: [],
  draws: 200,
  draw: 150,
  average: "so_far",
};
const TEN = { classes: 10, counted: true };

test("a patch that breaks nothing changes nothing else", () => {
  assert.deepEqual(patched(NOW, { draws: 500 }, TEN, FIELDS), [{ ...NOW, draws: 500 }, []]);
});

test("fewer draws bring the draw along, and say so", () => {
  const [settings, notes] = patched(NOW, { draws: 100 }, TEN, FIELDS);
  assert.equal(settings.draw, 100);
  assert.deepEqual(notes, ["draw must be at most the number of draws, 100, got 150; 100 is used"]);
});

test("fewer classes bring the target along and leave out what was dragged beyond", () => {
  const [settings, notes] = patched(NOW, { classes: 5 }, { classes: 5, counted: true }, FIELDS);
  assert.equal(settings.target, 4);
  assert.deepEqual(settings.edits, [[3, 1.5]]);
  assert.deepEqual(notes, [
    "target must be a class from 0 to 4, got 7; 4 is used",
    "edits must be for classes from 0 to 4, got 9; the rest is used",
  ]);
});

test("noise that needs counts gives way where nobody counted", () => {
  const [settings, notes] = patched(NOW, { seed: 1 }, { classes: 10, counted: false }, FIELDS);
  assert.equal(settings.noise, "uniform");
  assert.deepEqual(notes, [
    "noise must be other than unigram where classes have no counts, got unigram; uniform is used",
  ]);
});

test("a choice that the other setting does not leave gives way to one that it does", () => {
  const excluded = { ...NOW, estimator: "log_q", hits: "excluded" };
  assert.deepEqual(patched(excluded, { seed: 2 }, TEN, FIELDS)[1], []);
  const [settings, notes] = patched(excluded, { estimator: "nce" }, TEN, FIELDS);
  assert.equal(settings.hits, "rejected");
  assert.deepEqual(notes, ["hits must be other than excluded with nce, got excluded; rejected is used"]);
});

test("another problem begins anew, but for what the patch itself chooses", () => {
  const [settings, notes] = patched(NOW, { problem: "white", target: 3 }, null, FIELDS);
  assert.deepEqual(
    [settings.target, settings.edits, settings.draw, settings.average, settings.noise],
    [3, [], 1, "all", "unigram"],
  );
  assert.deepEqual(notes, []);
});

test("all settings at once are taken as they are", () => {
  assert.deepEqual(patched(NOW, { ...NOW }, TEN, FIELDS)[0], NOW);
});

test("a shape that nobody knows yet repairs nothing", () => {
  assert.deepEqual(patched(NOW, { classes: 5 }, null, FIELDS), [{ ...NOW, classes: 5 }, []]);
});

test("the settings before stay as they were", () => {
  const before = structuredClone(NOW);
  patched(NOW, { problem: "random", classes: 5 }, { classes: 5, counted: true }, FIELDS);
  assert.deepEqual(NOW, before);
});

test("a link says what is not its default, by the key that links use", () => {
  assert.equal(
    toQuery({ ...NOW, table: "ab c", noise: "uniform" }, FIELDS),
    "v=1&own=ab%20c&target=7&edits=3%3A1.5%2C9%3A2&draw=150&average=so_far",
  );
});

test("one drag holds one pair, in the order of classes", () => {
  assert.deepEqual(
    withPair(
      [
        [3, 1.5],
        [9, 2],
      ],
      5,
      1,
    ),
    [
      [3, 1.5],
      [5, 1],
      [9, 2],
    ],
  );
  assert.deepEqual(
    withPair(
      [
        [3, 1.5],
        [9, 2],
      ],
      9,
      1,
    ),
    [
      [3, 1.5],
      [9, 1],
    ],
  );
});
