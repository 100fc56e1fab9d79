import assert from "node:assert/strict";
import { test } from "node:test";
import { distribution, invert, logSumExp, tabulate, without } from "../../assets/kernel/noise.js";
import { uniforms } from "../../assets/kernel/philox.js";
import { ARTICLE, randomProblem, SETTINGS } from "./cases.mjs";

/** The first class whose cumulative probability exceeds u times the total, by halving. */
function halving({ cdf, total, last }, u) {
  let lo = 0;
  let hi = cdf.length;
  while (lo < hi) {
    const middle = (lo + hi) >>> 1;
    if (cdf[middle] > u * total) hi = middle;
    else lo = middle + 1;
  }
  return Math.min(lo, last);
}

const TABLES = {
  uniform: new Float64Array(17_091).fill(1 / 17_091),
  zipf: Float64Array.from({ length: 1_000 }, (_, c) => 1 / (c + 1)),
  "one heavy class": Float64Array.of(1e-12, 1e-12, 1, 1e-12),
  "classes that are never drawn": Float64Array.of(0, 0.3, 0, 0, 0.7, 0, 0),
  "a single class": Float64Array.of(0, 1),
};

for (const [name, probs] of Object.entries(TABLES)) {
  test(`the guide table finds what halving finds: ${name}`, () => {
    const table = tabulate(probs);
    const edges = [...table.cdf].slice(0, 500).map((v) => v / table.total);
    const near = edges.flatMap((u) => [u, u - u * 1.2e-16, u + u * 1.2e-16]).filter((u) => u < 1);
    const grid = Array.from({ length: table.guide.length }, (_, g) => g / table.guide.length);
    for (const u of [...uniforms(1, 0, 20_000), ...near, ...grid, 0, 1 - 2 ** -53]) {
      assert.equal(invert(table, u), halving(table, u), `u = ${u}`);
    }
  });
}

for (const noise of ["uniform", "log_uniform", "unigram", "softmax", "custom"]) {
  test(`${noise} noise and the noise given "not the target" each sum to 1`, () => {
    const s = { ...SETTINGS, noise, weights: [[3, 50]], target: 3 };
    const q = distribution(randomProblem(60), s);
    const r = without(q, 3);
    for (const { logs, probs } of [q, r]) {
      assert.ok(Math.abs(probs.reduce((a, b) => a + b, 0) - 1) < 1e-12);
      assert.ok(probs.every((p, c) => Math.abs(p - Math.exp(logs[c])) < 1e-13));
    }
    assert.equal(r.probs[3], 0);
  });
}

test("where nearly all noise is on the target, the rest keeps its digits", () => {
  const problem = { ...ARTICLE, scores: Float64Array.of(40, 1, 0) };
  const q = distribution(problem, { ...SETTINGS, noise: "softmax" });
  const r = without(q, 0);
  assert.ok(Math.abs(r.probs[1] - 1 / (1 + Math.exp(-1))) < 1e-12, `${r.probs[1]}`);
  assert.ok(Math.abs(logSumExp(r.logs, 0)) < 1e-12);
});

test("unigram noise over classes without counts is refused", () => {
  const expected = /noise must be other than unigram where classes have no counts, got unigram; choose uniform/;
  assert.throws(() => distribution(ARTICLE, { ...SETTINGS, noise: "unigram" }), expected);
});
