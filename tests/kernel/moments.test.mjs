import assert from "node:assert/strict";
import { test } from "node:test";
import { moments } from "../../assets/kernel/moments.js";
import { logProbs } from "../../assets/kernel/noise.js";
import { integrate } from "../../assets/kernel/quadrature.js";
import { drawn, ratioOf } from "../../assets/kernel/ratio.js";
import { randomProblem, SETTINGS } from "./cases.mjs";
import { enumerated } from "./oracle.mjs";

const X = Float64Array.of(2, 1, 0, -1, 0.5);
const Q = [0.4, 0.25, 0.15, 0.12, 0.08];
// From enumeration of all draws, the target excluded: E[loss] and E[g_t] by k.
const GOLDEN = [
  [1, 0.5474132956, -0.406505948458],
  [2, 0.5604601114, -0.421178109732],
  [4, 0.567340885, -0.428961559311],
  [8, 0.570864738, -0.432947108888],
  [16, 0.5726455865, -0.434958247524],
  [32, 0.5735403853, -0.435967489415],
];
const WAYS = [
  ...["sampled_softmax", "log_q", "uncorrected", "nce", "negative_sampling"].flatMap((estimator) =>
    ["rejected", "excluded", "kept"].map((hits) => [estimator, hits]),
  ),
  ["naive_importance", "kept"],
];

/** log of weights in parts of their sum. */
function logs(weights) {
  const total = weights.reduce((a, b) => a + b);
  return Float64Array.from(weights, (w) => Math.log(w / total));
}

/** How far apart two numbers are, in parts of the larger; rounding of what they are made of does not count. */
function off(found, expected, rounding) {
  return Math.max(0, Math.abs(found - expected) - rounding) / Math.max(Math.abs(found), Math.abs(expected), 1e-300);
}

function holds(found, expected, where) {
  assert.ok(off(found.loss, expected.loss, 1e-15) < 1e-11, `loss of ${where}: ${found.loss} ${expected.loss}`);
  for (const [c, mean] of expected.mean.entries()) {
    assert.ok(off(found.mean[c], mean, 1e-15) < 1e-11, `mean ${c} of ${where}: ${found.mean[c]} ${mean}`);
    const variance = expected.variance[c];
    const rounding = 1e-13 * (variance + mean ** 2);
    assert.ok(
      off(found.variance[c], variance, rounding) < 1e-11,
      `variance ${c} of ${where}: ${found.variance[c]} ${variance}`,
    );
  }
}

for (const [k, loss, target] of GOLDEN) {
  test(`the moments at k = ${k} are the golden ones`, () => {
    const found = moments({ x: X, t: 0, logQ: logs(Q), k, estimator: "sampled_softmax", hits: "excluded" });
    assert.ok(Math.abs(found.loss - loss) < 1e-10, `${found.loss}`);
    assert.ok(Math.abs(found.mean[0] - target) < 1e-12, `${found.mean[0]}`);
  });
}

const WEIGHTS = {
  even: [1, 1, 1, 1, 1],
  uneven: Q,
  "a likely target": [1e4, 1, 2, 3, 1],
  "a class hardly ever drawn": [1, 1, 1, 1, 1e-6],
};

for (const [estimator, hits] of WAYS) {
  test(`the moments are those of all draws: ${estimator}, hits ${hits}`, () => {
    for (const [name, weights] of Object.entries(WEIGHTS)) {
      for (const k of [1, 2, 4]) {
        for (const t of [0, 3]) {
          const subject = { x: X, t, logQ: logs(weights), k, estimator, hits };
          holds(moments(subject), enumerated(subject), `${name}, k = ${k}, t = ${t}`);
        }
      }
    }
  });

  test(`the moments are those of all draws where weights leave float64: ${estimator}, hits ${hits}`, () => {
    for (const x of [Float64Array.of(-900, 900, 0), Float64Array.of(0, 2_900, 2_890), Float64Array.of(40, -1_200, 3)]) {
      for (const weights of [
        [1, 1, 1],
        [1e-250, 1, 1],
        [1, 1e-150, 1],
      ]) {
        for (const k of [1, 2, 3]) {
          const subject = { x, t: 0, logQ: logs(weights), k, estimator, hits };
          holds(moments(subject), enumerated(subject), `scores ${x}, weights ${weights}, k = ${k}`);
        }
      }
    }
  });

  test(`what suits the estimator happens to hits: ${estimator}`, () => {
    const subject = { x: X, t: 1, logQ: logs(Q), k: 3, estimator };
    const suits = ["naive_importance", "nce", "negative_sampling"].includes(estimator) ? "kept" : "rejected";
    assert.deepEqual(moments(subject), moments({ ...subject, hits: suits }));
  });
}

test("points that stand for classes change nothing", () => {
  const problem = randomProblem(4_000, 3);
  problem.scores[11] = 60;
  for (const noise of ["uniform", "unigram", "log_uniform", "softmax"]) {
    const logQ = logProbs(problem, { ...SETTINGS, noise, temperature: 1.7 });
    for (const [estimator, hits] of WAYS.filter(([name]) => name !== "nce" && name !== "negative_sampling")) {
      const subject = { x: problem.scores, t: 5, logQ, k: 30, estimator, hits };
      const from = drawn({}, subject);
      const direct = integrate(ratioOf(from, subject), subject.k);
      const found = moments(subject);
      assert.ok(off(found.loss, direct.loss, 0) < 1e-12, `loss ${found.loss} ${direct.loss}`);
      for (const [i, c] of from.index.entries()) {
        const q = from.chances[i];
        const first = q * direct.first[i];
        const second = q * (direct.once[i] + q * direct.twice[i]);
        assert.ok(off(found.mean[c], first, 0) < 1e-11, `mean ${c}: ${found.mean[c]} ${first}`);
        assert.ok(off(found.variance[c] + found.mean[c] ** 2, second, 0) < 1e-11, `square ${c}`);
      }
    }
  }
});

test("another number of samples spreads no classes again, and what is kept is not seen", () => {
  const problem = randomProblem(2_000, 2);
  const logQ = logProbs(problem, SETTINGS);
  const subject = { x: problem.scores, t: 5, logQ, k: 30, estimator: "sampled_softmax", hits: "rejected" };
  const memo = {};
  moments(subject, memo);
  const { found } = memo.ratio;
  assert.ok(found.points.ratio.q.length < 1_000);
  assert.deepEqual(moments({ ...subject, k: 7 }, memo), moments({ ...subject, k: 7 }));
  assert.equal(memo.ratio.found, found);
  for (const change of [{ estimator: "log_q" }, { hits: "kept" }, { t: 6 }, { x: problem.scores.map((x) => -x) }]) {
    assert.deepEqual(moments({ ...subject, ...change }, memo), moments({ ...subject, ...change }));
  }
});

test("with the softmax itself as noise nothing but the chance of hits alone is biased, and the target does not vary", () => {
  const problem = randomProblem(3_000, 2);
  const logQ = logProbs(problem, { ...SETTINGS, noise: "softmax" });
  const found = moments({ x: problem.scores, t: 7, logQ, k: 10, estimator: "sampled_softmax", hits: "excluded" });
  assert.ok(off(found.mean[7], Math.expm1(logQ[7]), 0) < 1e-12);
  assert.ok(found.variance[7] < 1e-26, `${found.variance[7]}`);
});

test("what torch refuses, and what takes more than is allowed, is null", () => {
  const even = { x: X, t: 0, logQ: logs(Q), k: 3, estimator: "sampled_softmax" };
  assert.notEqual(moments(even, {}, 1e6), null);
  assert.equal(moments(even, {}, 100), null);
  assert.equal(moments({ ...even, x: Float64Array.of(0, 3_001, 0, 0, 0) }), null);
  assert.notEqual(moments({ ...even, x: Float64Array.of(0, -3_001, 0, 0, 0) }), null);
  assert.equal(moments({ ...even, x: Float64Array.of(0, -3_001, 0, 0, 0), estimator: "naive_importance" }), null);
  assert.equal(moments({ ...even, estimator: "naive_importance", hits: "rejected" }), null);
  const never = logs([0, 0.3, 0.3, 0.2, 0.2]);
  for (const estimator of ["log_q", "nce"]) assert.equal(moments({ ...even, logQ: never, estimator }), null);
  assert.notEqual(moments({ ...even, logQ: never }), null);
});
