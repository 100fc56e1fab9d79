/** One step between two views, and the views that the page and torch share. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { apart } from "../../assets/stage/agreement.js";
import { carried, late } from "../../assets/stage/carry.js";
import { namers, shownPanels } from "../../assets/stage/layout.js";
import { between, progress, run } from "../../assets/stage/motion.js";

function view(index, gradient, more = {}) {
  const slots = index.length;
  return {
    classes: { index, score: index.map(() => 1) },
    draw: { count: Array(slots).fill(1), correction: Array(slots).fill(2), corrected: Array(slots).fill(3), gradient },
    convergence: {
      mean: gradient,
      checkpoints: [1],
      errors: [1],
      others: [],
      averaged: 2,
      error_mean: 0.4,
      relative_mean: 0.2,
      ...more,
    },
    moments: null,
  };
}

test("a step ends at its end, and glides there too", () => {
  const a = view([0, 1], [0.1, 0.2]),
    b = view([1, 0], [0.5, 0.3], { error_mean: 0.2 });
  for (const glide of [true, false]) assert.deepEqual(between(a, b, 1, glide), b);
});

test("samples land before corrections grow, and gradients follow", () => {
  const a = view([0], [0]),
    b = view([0], [1]);
  const early = between(a, b, 0.2),
    later = between(a, b, 0.6);
  assert.deepEqual([early.draw.count, early.draw.corrected, early.draw.gradient], [[0], [null], [0]]);
  assert.deepEqual(later.draw.count, [1]);
  assert.ok(later.draw.corrected[0] > 1 && later.draw.corrected[0] < 3);
  assert.ok(later.draw.gradient[0] > 0 && later.draw.gradient[0] < 1);
  assert.equal(later.convergence.error_mean, 0.4);
});

test("a class keeps its own height when it changes its place", () => {
  const a = view([4, 5], [0.4, 0.5]),
    b = view([5, 4], [0.5, 0.4]);
  for (const t of [0, 0.3, 0.7]) assert.deepEqual(between(a, b, t).draw.gradient, [0.5, 0.4]);
});

test("each part of a step goes from 0 to 1 in its turn", () => {
  for (const part of ["fly", "grow", "pull", "settle"])
    assert.deepEqual([progress(part, 0), progress(part, 1)], [0, 1]);
  assert.ok(progress("fly", 0.3) > progress("grow", 0.3));
});

/** Frames by hand. */
function frames() {
  const waiting = new Map();
  let count = 0;
  return {
    clock: { frame: (act) => waiting.set(++count, act) && count, cancel: (id) => waiting.delete(id) },
    tick: (now) => {
      const [[id, act]] = waiting;
      waiting.delete(id);
      act(now);
    },
    open: () => waiting.size,
  };
}

test("a step draws each frame and is done once", () => {
  const { clock, tick, open } = frames(),
    drawn = [];
  let done = 0;
  const step = run(
    400,
    (t) => drawn.push(t),
    () => done++,
    clock,
  );
  for (const now of [1000, 1100, 1300, 1400]) tick(now);
  assert.deepEqual(drawn, [0, 0.25, 0.75]);
  step.finish();
  assert.deepEqual([done, open()], [1, 0]);
});

test("a step that is interrupted is done at once", () => {
  const { clock, tick, open } = frames();
  let done = 0;
  const step = run(
    400,
    () => {},
    () => done++,
    clock,
  );
  tick(0);
  step.finish();
  assert.deepEqual([done, open()], [1, 0]);
});

test("moments that hold for every draw are kept while one steps, by class", () => {
  const answer = {
    settings: { samples: 3, draw: 1 },
    view: { ...view([0, 1], [1, 2]), moments: { mean: [10, 11], variance: [20, 21], bias: 0.2 } },
  };
  const kept = carried(view([1, 2], [0, 0]), { draw: 9, samples: 3 }, answer);
  assert.deepEqual(kept.moments, { mean: [11, null], variance: [21, null], bias: 0.2 });
  assert.equal(carried(view([1, 2], [0, 0]), { draw: 9, samples: 4 }, answer).moments, null);
});

test("views are apart by the largest relative difference; what one of the two leaves out does not count", () => {
  assert.equal(apart({ a: { x: [1, 100] } }, { a: { x: [1, 200] } }), 0.5);
  assert.equal(apart({ a: { x: 0.02 } }, { a: { x: 0.01 } }), 0.5);
  assert.equal(apart({ a: { x: 1e-17 } }, { a: { x: 0 } }), 1e-14);
  assert.equal(apart({ a: null }, { a: { x: 1 } }), 0);
  assert.equal(apart({ a: { x: null } }, { a: { x: 1 } }), 1);
  assert.equal(apart({ a: { x: [1] } }, { a: { x: [1, 2] } }), 1);
});

test("numbers near the end of float64 are apart by a number", () => {
  assert.equal(apart({ chi2: 1.7e308 }, { chi2: 1.7e308 }), 0);
  assert.equal(apart({ chi2: 1e308 }, { chi2: 2e43 }), 1);
  assert.equal(apart({ chi2: 1.7e308 }, { chi2: -1.7e308 }), 2);
  assert.equal(apart({ chi2: null }, { chi2: null }), 0);
});

const GRADIENTS = ["gradient_full", "gradient_sampled"];
const SCORES = ["scores_full", "scores_sampled"];
const EXPLORER = {
  panels: ["noise", ...SCORES, ...GRADIENTS, "convergence", "balance", "ranks"],
  layout: {
    columns: [
      ["Noise", ["noise"]],
      ["Scores", SCORES],
      ["Gradient", GRADIENTS],
      ["Convergence", ["convergence"]],
    ],
    pairs: [["noise", "scores_sampled"], GRADIENTS, ["scores_full", "convergence"]],
    smallest: GRADIENTS,
  },
};
const ranked = new Set(["balance", "ranks"]);

test("each form shows its panels and names the classes once", () => {
  const wide = shownPanels(EXPLORER, { form: "wide", embedded: false, many: true, chosen: [], ranked });
  assert.equal(wide.length, 8);
  assert.deepEqual([...namers(EXPLORER, wide, "wide")], ["noise", "scores_sampled", "gradient_sampled", "convergence"]);
  const phone = shownPanels(EXPLORER, { form: "phone", embedded: false, many: false, chosen: [], ranked });
  assert.deepEqual(phone, [
    "noise",
    "scores_sampled",
    "gradient_full",
    "gradient_sampled",
    "scores_full",
    "convergence",
  ]);
  assert.deepEqual(shownPanels(EXPLORER, { form: "phone", embedded: true, many: true, chosen: [], ranked }), GRADIENTS);
  const chosen = shownPanels(EXPLORER, {
    form: "wide",
    embedded: true,
    many: false,
    chosen: ["gradient_full", "noise", "ranks"],
    ranked,
  });
  assert.deepEqual(
    [chosen, [...namers(EXPLORER, chosen, "wide")]],
    [
      ["gradient_full", "noise"], // as the frame has them
      ["noise", "gradient_full"],
    ],
  );
});

test("a page without places shows its panels in its own order, each with its names", () => {
  const page = { panels: ["curve", "noise", "ranks"], layout: null };
  const shown = shownPanels(page, { form: "phone", embedded: true, many: false, chosen: [], ranked });
  assert.deepEqual([shown, [...namers(page, shown, "phone")]], [page.panels.slice(0, 2), page.panels.slice(0, 2)]);
});

test("what torch alone computes is late once a setting has changed that it depends on", () => {
  const alone = { curves: ["samples"] };
  const answer = { settings: { samples: 3, draw: 1 }, view: { curves: { k: [1, 2] }, moments: null } };
  const own = view([0], [0]);
  assert.deepEqual(late({ draw: 1, samples: 9 }, answer, alone), new Set());
  assert.deepEqual(late({ draw: 2, samples: 3 }, answer, alone), new Set(["curves"]));
  assert.deepEqual(late({ draw: 2, samples: 3 }, { ...answer, view: { curves: null } }, alone), new Set());
  assert.deepEqual(late({ draw: 2, samples: 3 }, null, alone), new Set());
  for (const settings of [answer.settings, { draw: 2, samples: 3 }])
    assert.deepEqual(carried(own, settings, answer, alone).curves, { k: [1, 2] });
  const able = { ...own, curves: { k: [3] } };
  assert.deepEqual(carried(able, { draw: 2, samples: 3 }, answer, alone).curves, { k: [3] });
  assert.deepEqual(late({ draw: 2, samples: 3 }, answer, alone, able), new Set());
});
