import assert from "node:assert/strict";
import { test } from "node:test";
import { weightsOf } from "../../assets/kernel/draws.js";
import { moments } from "../../assets/kernel/moments.js";
import { distribution, without } from "../../assets/kernel/noise.js";
import { SETTINGS } from "./cases.mjs";

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

function termsOf(x, weights) {
  const problem = { names: String, scores: x, counts: null };
  const q = distribution(problem, { ...SETTINGS, noise: "custom", weights: weights.map((w, c) => [c, w]) });
  const r = without(q, 0);
  return { q, r, e: { t: 0, n: x.length, ...weightsOf(x, 0, r.logs) } };
}

/** Mean and variance of the gradient and the mean loss over every possible draw. */
function enumerate({ e }, drawn, k) {
  const n = e.n;
  const found = { mean: new Array(n).fill(0), square: new Array(n).fill(0), loss: 0 };
  for (let code = 0; code < n ** k; code++) {
    const samples = Array.from({ length: k }, (_, j) => Math.floor(code / n ** j) % n);
    const chance = samples.reduce((p, c) => p * drawn[c], 1);
    const kept = samples.filter((c) => c !== 0);
    if (chance === 0 || kept.length === 0) continue;
    const all = kept.reduce((sum, c) => sum + e.a[c], kept.length);
    const gradient = new Array(n).fill(0);
    for (const c of kept) gradient[c] += e.a[c] / all;
    gradient[0] = kept.length / all - 1;
    found.loss += chance * Math.log(all / kept.length);
    for (const [c, g] of gradient.entries()) {
      found.mean[c] += chance * g;
      found.square[c] += chance * g * g;
    }
  }
  return { ...found, variance: found.square.map((v, c) => v - found.mean[c] ** 2) };
}

for (const [k, loss, target] of GOLDEN) {
  test(`the moments at k = ${k} are the golden ones`, () => {
    const { r, e } = termsOf(X, Q);
    const found = moments(e, r.logs, k);
    assert.ok(Math.abs(found.loss - loss) < 1e-10, `${found.loss}`);
    assert.ok(Math.abs(found.mean[0] - target) < 1e-12, `${found.mean[0]}`);
  });
}

const WEIGHTS = {
  even: [1, 1, 1, 1, 1],
  "a likely target": [1e4, 1, 2, 3, 1],
  "a class hardly ever drawn": [1, 1, 1, 1, 1e-6],
};

for (const [name, weights] of Object.entries(WEIGHTS)) {
  for (const k of [1, 2, 4]) {
    test(`the moments are those of all draws, hits rejected: ${name}, k = ${k}`, () => {
      const terms = termsOf(X, weights);
      const found = moments(terms.e, terms.q.logs, k);
      const expected = enumerate(terms, [...terms.q.probs], k);
      assert.ok(Math.abs(found.loss - expected.loss) < 1e-11, `${found.loss} ${expected.loss}`);
      for (let c = 0; c < 5; c++) {
        assert.ok(
          Math.abs(found.mean[c] - expected.mean[c]) < 1e-12,
          `mean ${c}: ${found.mean[c]} ${expected.mean[c]}`,
        );
        assert.ok(Math.abs(found.variance[c] - expected.variance[c]) < 1e-11, `variance ${c}`);
      }
    });
  }
}

test("weights beyond float64 leave the moments to torch", () => {
  const { r, e } = termsOf(Float64Array.of(-900, 900, 0), [1, 1, 1]);
  assert.equal(moments(e, r.logs, 3), null);
});
