import assert from "node:assert/strict";
import { test } from "node:test";
import { handlingOf, RULES } from "../../assets/kernel/estimators.js";
import { edited } from "../../assets/kernel/problem.js";
import { view } from "../../assets/kernel/view.js";
import { ARTICLE, CONSTANTS, randomProblem, SETTINGS } from "./cases.mjs";
import { chiSquared, draw, errorOf, extent, lossOf, model } from "./oracle.mjs";

const options = { constants: CONSTANTS };
const near = (found, expected, name = "") =>
  assert.ok(Math.abs(found - expected) <= 1e-9 * Math.max(1, Math.abs(expected)), `${name} ${found} ${expected}`);
const allNear = (found, expected, name) => {
  assert.equal(found.length, expected.length, name);
  for (const [i, v] of expected.entries()) near(found[i], v, `${name}[${i}]`);
};

const CASES = [
  ["the article's example", ARTICLE, { draws: 30 }],
  ["targets excluded", ARTICLE, { draws: 30, hits: "excluded", samples: 8, draw: 4 }],
  ["softmax noise", randomProblem(30), { target: 2, draws: 20, noise: "softmax", samples: 5 }],
  [
    "many classes",
    randomProblem(80),
    { target: 5, draws: 20, noise: "unigram", samples: 20, average: "so_far", draw: 7 },
  ],
  ["many hits", randomProblem(3), { target: 0, draws: 25, noise: "custom", weights: [[0, 20]], samples: 2, draw: 3 }],
];

for (const [name, problem, patch] of CASES) {
  const s = { ...SETTINGS, ...patch };
  const m = model(problem, s);

  test(`the draw is that of the loops: ${name}`, () => {
    const found = view(problem, s, options).draw;
    const one = draw(m, s, s.draw - 1);
    const { index } = view(problem, s, options).classes;
    assert.deepEqual(found.sample_class, one.samples.slice(0, 12));
    assert.deepEqual(
      found.sample_hit,
      one.samples.slice(0, 12).map((c) => c === s.target),
    );
    allNear(
      found.gradient,
      index.map((c) => one.gradient[c]),
      "gradient",
    );
    assert.deepEqual(
      found.count,
      index.map((c) => one.counts[c]),
    );
    near(found.loss_draw, one.loss);
    near(found.error_draw, Math.hypot(...m.full.map((g, c) => one.gradient[c] - g)));
    assert.equal(found.kept, one.kept);
    for (const [i, c] of index.entries()) {
      const sampled = c !== s.target && one.counts[c] > 0;
      assert.equal(found.corrected[i] !== null, sampled);
      if (sampled) near(found.corrected[i], one.corrected[c], "corrected");
    }
  });

  test(`blocks and dots are the distinct samples by gradient: ${name}`, () => {
    const found = view(problem, s, options).draw;
    const one = draw(m, s, s.draw - 1);
    const distinct = [...new Set(one.samples)]
      .filter((c) => c !== s.target)
      .sort((a, b) => one.gradient[b] - one.gradient[a]);
    allNear(
      found.block_gradient,
      distinct.slice(0, 8).map((c) => one.gradient[c]),
      "block",
    );
    near(
      found.block_rest,
      distinct.slice(8).reduce((sum, c) => sum + one.gradient[c], 0),
    );
    const rank = (c) => 1 + m.p.filter((p, d) => d !== s.target && p > m.p[c]).length;
    assert.deepEqual(found.dot_rank, found.dot_class.map(rank));
    assert.equal(found.dot_class.length, m.x.length > 50 ? distinct.length : 0);
  });

  test(`the averages, other seeds and the extents are those of all draws: ${name}`, () => {
    const found = view(problem, s, options).convergence;
    allNear(
      found.errors,
      found.checkpoints.map((draws) => errorOf(m, s, draws)),
      "errors",
    );
    assert.equal(found.others.length, 20);
    near(found.others[0].at(-1), errorOf(m, s, s.draws, s.seed + 1), "the next seed");
    near(found.others[19][4], errorOf(m, s, found.checkpoints[4], s.seed + 20), "the last seed");
    near(found.error_mean, errorOf(m, s, found.averaged), "average");
    const expected = extent(m, s);
    for (const [side, value] of Object.entries(expected)) near(found.extent[side], value, side);
    near(found.relative_mean, found.error_mean / Math.hypot(...m.full));
  });
}

for (const estimator of Object.keys(RULES)) {
  test(`the draws and their average are those of the loops under ${estimator}`, () => {
    const s = { ...SETTINGS, estimator, noise: "custom", weights: [[4, 9], [7, 3]], target: 7, samples: 5, draws: 25, draw: 3 }; // biome-ignore format: one record
    const found = view(ARTICLE, s, options);
    const m = model(ARTICLE, s);
    const logQ = m.q.map(Math.log);
    const subject = { x: m.x, t: s.target, logQ, k: s.samples, hits: handlingOf(s), estimator };
    const all = Array.from({ length: s.draws }, (_, i) => lossOf(subject, draw(m, s, i).samples));
    const one = all[s.draw - 1];
    near(found.draw.loss_draw, one.loss, "loss");
    allNear(found.draw.gradient, one.gradient, "gradient");
    const mean = m.full.map((_, c) => all.reduce((sum, { gradient }) => sum + gradient[c], 0) / s.draws);
    allNear(found.convergence.mean, mean, "mean");
    near(found.convergence.errors.at(-1), Math.hypot(...m.full.map((g, c) => mean[c] - g)), "error");
  });
}

test("ranked columns and masses are those of sorted lists", () => {
  const s = {
    ...SETTINGS,
    target: 11,
    noise: "custom",
    weights: [
      [4, 9],
      [60, 0.5],
    ],
    hits: "excluded",
  };
  const problem = randomProblem(300);
  const { ranked } = view(problem, s, options);
  const m = model(problem, s);
  const falling = (values) => values.toSorted((a, b) => b - a);
  const pushes = falling(m.p.filter((_, c) => c !== s.target));
  allNear(
    ranked.score,
    ranked.rank.map((r) => falling(m.x)[r - 1]),
    "score",
  );
  allNear(
    ranked.noise,
    ranked.rank.map((r) => falling(m.drawn)[r - 1]),
    "noise",
  );
  allNear(
    ranked.full.slice(0, -1),
    ranked.rank.slice(0, -1).map((r) => pushes[r - 1]),
    "full",
  );
  assert.equal(ranked.full.at(-1), null);
  near(
    ranked.mass.reduce((a, b) => a + b),
    1 - m.p[s.target],
  );
  near(
    ranked.mass[1],
    pushes.slice(10, 100).reduce((a, b) => a + b),
  );
});

/** Patches of one drag after another, so that every layer is used again and left behind. */
const HAND = [
  { samples: 5 }, { samples: 40 }, { samples: 7 }, { edits: [[3, 2.5]] }, { edits: [[3, -2.5]] }, { edits: [] },
  { target: 9 }, { edits: [[9, 4]] }, { noise: "softmax" }, { edits: [[2, 5]], target: 2 }, { noise: "custom", edits: [] },
  { weights: [[1, 7]] }, { weights: [[1, 3], [8, 30]] }, { hits: "excluded" }, { draw: 30 }, { average: "so_far" }, { draw: 3 },
  { seed: 4 }, { draws: 90 }, { noise: "unigram" }, { power: 1.5 }, { hits: "rejected" }, { seed: 810 }, { samples: 60 },
]; // biome-ignore format: a list of small changes

for (const n of [12, 120]) {
  test(`what is kept between frames changes no number: ${n} classes`, () => {
    const base = randomProblem(n);
    const memo = {};
    let s = { ...SETTINGS, target: 1, draws: 40 };
    let problem = edited(base, []);
    for (const patch of HAND) {
      s = { ...s, ...patch };
      if (patch.edits) problem = edited(base, s.edits);
      assert.deepEqual(view(problem, s, { ...options, memo }), view(problem, s, options), JSON.stringify(patch));
    }
  });
}

test("chi squared is the golden one, and what its definition says where weights leave float64", () => {
  const scores = Float64Array.of(2, 1, 0, -1, 0.5);
  const weights = [0.4, 0.25, 0.15, 0.12, 0.08].map((w, c) => [c, w]);
  const s = { ...SETTINGS, target: 0, noise: "custom", weights };
  assert.ok(Math.abs(view({ ...ARTICLE, scores }, s, options).classes.chi2 - 0.301277) < 5e-7);
  const far = scores.map((x, c) => (c === 0 ? -280 : x)); // the target's score has no part in it
  near(
    view({ ...ARTICLE, scores: far }, s, options).classes.chi2,
    view({ ...ARTICLE, scores }, s, options).classes.chi2,
  );
});

test("chi squared keeps its digits next to the ideal noise, is that of the loops away from it, and null beyond float64", () => {
  const s = { ...SETTINGS, noise: "softmax" };
  const chi2 = (patch, problem = ARTICLE) => view(problem, { ...s, ...patch }, options).classes.chi2;
  assert.equal(chi2({}), 0);
  for (const temperature of [0.4, 1.3, 5]) {
    const expected = chiSquared(model(ARTICLE, { ...s, temperature }), s.target);
    assert.ok(Math.abs(chi2({ temperature }) / expected - 1) < 1e-11);
  }
  // To first order the weights of a noise e times as warm are off by e (x - E[x]): chi squared is e^2 Var[x].
  const p = [...ARTICLE.scores].map((x, c) => (c === s.target ? 0 : Math.exp(x)));
  const mean = (values) => values.reduce((sum, v, c) => sum + v * p[c], 0) / p.reduce((a, b) => a + b);
  const centre = mean([...ARTICLE.scores]);
  const variance = mean([...ARTICLE.scores].map((x) => (x - centre) ** 2));
  assert.ok(Math.abs(chi2({ temperature: 1 + 1e-7 }) / (1e-14 * variance) - 1) < 1e-5);
  const far = edited(ARTICLE, [
    [3, 300],
    [5, -300],
  ]);
  assert.equal(chi2({ temperature: 0.05 }, far), null);
});

test("equal gradients stand by class, and count as as many samples", () => {
  const problem = { ...ARTICLE, scores: new Float64Array(10) };
  const found = view(problem, { ...SETTINGS, samples: 6, hits: "excluded" }, options).draw;
  near(found.effective, 6);
  const [counts, classes] = [found.count, found.block_class];
  assert.deepEqual(
    classes,
    classes.toSorted((a, b) => counts[b] - counts[a] || a - b),
  );
  assert.ok(new Set(classes.map((c) => counts[c])).size < classes.length); // there are ties
  assert.equal(found.computed, classes.length + 1);
});

test("a target that was drawn is computed once", () => {
  const s = { ...SETTINGS, noise: "custom", weights: [[7, 1e6]], samples: 4 };
  const found = view(ARTICLE, s, options).draw;
  assert.deepEqual([found.computed, found.touched, found.kept, found.hit_count, found.effective], [1, 0, 0, 4, 0]);
});

test("a view keeps its numbers when the next is made", () => {
  const memo = {};
  const base = randomProblem(120);
  const first = view(edited(base, []), SETTINGS, { ...options, memo });
  const copy = structuredClone(first);
  view(edited(base, [[3, 9]]), { ...SETTINGS, edits: [[3, 9]] }, { ...options, memo });
  assert.deepEqual(first, copy);
});

test("slots hold still while a hand is down", () => {
  const base = randomProblem(120);
  const keep = view(base, SETTINGS, options).classes.index;
  const last = keep.at(-1);
  const s = { ...SETTINGS, edits: [[last, 20]] };
  const problem = edited(base, s.edits);
  assert.deepEqual(view(problem, s, { ...options, keep }).classes.index, keep);
  assert.notDeepEqual(view(problem, s, options).classes.index, keep);
});

test("a budget shortens the run, leaves out moments and takes other seeds with it", () => {
  const s = { ...SETTINGS, target: 0, samples: 10 };
  const problem = randomProblem(60);
  const short = view(problem, s, { ...options, budget: { samples: 500, classes: 59 } });
  assert.equal(short.convergence.draws, 50);
  assert.equal(short.convergence.checkpoints.at(-1), 50);
  assert.deepEqual([short.moments, short.convergence.others], [null, []]);
  const some = view(problem, s, { ...options, budget: { samples: 8_500, classes: 60 } });
  assert.equal(some.convergence.others.length, 3);
  assert.notEqual(some.moments, null);
  const late = view(problem, { ...s, draw: 200 }, { ...options, budget: { samples: 500, classes: 59 } });
  assert.deepEqual(late.draw, view(problem, { ...s, draw: 200 }, options).draw);
});

test("other seeds are left out where that is too much work", () => {
  const s = { ...SETTINGS, target: 0, samples: 101, draws: 200 };
  assert.deepEqual(view(randomProblem(20), s, options).convergence.others, []);
});

test("only softmax noise needs all scores", () => {
  assert.equal(view(ARTICLE, SETTINGS, options).classes.noise_scores, 0);
  assert.equal(view(ARTICLE, { ...SETTINGS, noise: "softmax" }, options).classes.noise_scores, 10);
});

const leavesOf = (value) => (value && typeof value === "object" ? Object.values(value).flatMap(leavesOf) : [value]);

test("scores that leave float64 leave null, and never NaN or an infinity", () => {
  const scores = Float64Array.of(1000, -1000, 0, 5, -700);
  for (const target of [0, 1, 2]) {
    for (const noise of ["uniform", "softmax", "custom"]) {
      for (const hits of ["rejected", "excluded"]) {
        const s = { ...SETTINGS, target, noise, hits, weights: [[target, 1e6]], draws: 20, samples: 3 };
        const found = view({ ...ARTICLE, scores }, s, options);
        assert.deepEqual(
          leavesOf(found).filter((v) => typeof v === "number" && !Number.isFinite(v)),
          [],
        );
      }
    }
  }
});

test("a hit leaves the corrections of the log-q form as they are", () => {
  const s = { ...SETTINGS, estimator: "log_q", samples: 6, draws: 60, noise: "uniform" };
  const draws = Array.from({ length: 60 }, (_, i) => view(ARTICLE, { ...s, draw: i + 1 }, options).draw);
  const struck = draws.filter(({ hit_count, kept }) => hit_count > 0 && kept > 0);
  assert.ok(struck.length > 5);
  for (const { correction, target_correction } of struck)
    for (const shift of correction) if (shift !== null) near(shift, target_correction); // all classes are as likely
});

test("each estimator beside the others is what it is by itself", () => {
  for (const hits of ["rejected", "excluded"]) {
    const s = { ...SETTINGS, draws: 30, samples: 4, draw: 3, average: "so_far", hits };
    const needs = ["draw", "estimators"];
    const memo = {};
    view(ARTICLE, { ...s, samples: 2 }, { ...options, needs, memo });
    const { estimators: found } = view(ARTICLE, s, { ...options, needs, memo });
    for (const [row, estimator] of Object.keys(RULES).entries()) {
      const alone = view(ARTICLE, { ...s, estimator }, options);
      assert.deepEqual(found.one[row], alone.draw.gradient);
      assert.deepEqual(found.average[row], alone.convergence.mean);
      assert.deepEqual(found.expected[row], alone.moments.mean);
      assert.deepEqual(
        [found.apart[row], found.apart_relative[row], found.scatter[row], found.loss_expected[row]],
        [alone.moments.bias, alone.moments.relative_bias, alone.moments.variance_total, alone.moments.loss_exact],
      );
      assert.equal(found.loss_one[row], alone.draw.loss_draw);
    }
  }
});

test("the estimators are compared where they are shown, and where six of them answer at once", () => {
  assert.equal(view(ARTICLE, SETTINGS, options).estimators, null);
  const many = view(randomProblem(2_001), { ...SETTINGS, draws: 10 }, { ...options, needs: ["estimators"] });
  assert.equal(many.estimators, null);
  const tight = { samples: 1_000, classes: 5, exponentials: 1_000 };
  const found = view(ARTICLE, SETTINGS, { ...options, needs: ["estimators"], budget: tight }).estimators;
  assert.deepEqual(found.apart, [null, null, null, null, null, null]);
  assert.ok(found.average.flat().every(Number.isFinite));
});
