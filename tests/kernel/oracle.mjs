/** The kernel's formulas once more, by loops over all classes and all draws: what the tests hold the view against. */

import { logProbs } from "../../assets/kernel/noise.js";
import { uniforms } from "../../assets/kernel/philox.js";

const sum = (values) => values.reduce((a, b) => a + b, 0);
const classesOf = (n) => Array.from({ length: n }, (_, c) => c);

/** The first class at which the cumulative probability exceeds u, found by adding up. */
export function search(probs, u) {
  const total = sum(probs);
  let reached = 0;
  for (const [c, p] of probs.entries()) {
    reached += p;
    if (reached > u * total) return c;
  }
  return probs.findLastIndex((p) => p > 0);
}

/** Everything about a problem that does not depend on the draws. */
export function model(problem, s) {
  const x = [...problem.scores];
  const z = sum(x.map(Math.exp));
  const p = x.map((score) => Math.exp(score) / z);
  const q = [...logProbs(problem, s)].map(Math.exp);
  const r = q.map((v, c) => (c === s.target ? 0 : v / (1 - q[s.target])));
  return { x, p, q, r, full: p.map((v, c) => (c === s.target ? v - 1 : v)), drawn: s.hits === "excluded" ? r : q };
}

/** One draw, i from 0: its samples, and gradient and corrected score of every class. */
export function draw(m, s, i, seed = s.seed) {
  const samples = [...uniforms(seed, i, s.samples)].map((u) => search(m.drawn, u));
  const kept = samples.filter((c) => c !== s.target).length;
  const corrected = m.x.map((x, c) => x - Math.log(kept * m.r[c]));
  const weights = samples.map((c) => (c === s.target ? 0 : Math.exp(corrected[c])));
  const all = Math.exp(m.x[s.target]) + sum(weights);
  const gradient = m.x.map(() => 0);
  if (kept > 0) for (const [j, c] of samples.entries()) if (c !== s.target) gradient[c] += weights[j] / all;
  gradient[s.target] = -sum(gradient);
  const counts = m.x.map((_, c) => samples.filter((d) => d === c).length);
  return { samples, kept, corrected, gradient, counts, loss: kept === 0 ? 0 : Math.log(all) - m.x[s.target] };
}

/** The distance of the average of the first `draws` draws from the full gradient. */
export function errorOf(m, s, draws, seed = s.seed) {
  const all = classesOf(draws).map((i) => draw(m, s, i, seed).gradient);
  return Math.hypot(...m.full.map((g, c) => sum(all.map((one) => one[c])) / draws - g));
}

/** How far draws reach, from every draw and every class that it sampled. */
export function extent(m, s) {
  const found = classesOf(s.draws).map((i) => draw(m, s, i));
  const sampled = found.flatMap((one) =>
    m.x
      .map((x, c) => ({ c, score: one.corrected[c], count: one.counts[c], x }))
      .filter((k) => k.count && k.c !== s.target),
  );
  return {
    corrected_low: Math.min(...sampled.map((k) => k.score)),
    corrected_high: Math.max(...sampled.map((k) => k.score)),
    gradient_low: Math.min(...found.flatMap((one) => one.gradient)),
    gradient_high: Math.max(...found.flatMap((one) => one.gradient)),
    weight_high: Math.max(1, ...sampled.map((k) => k.count * Math.exp(k.score - m.x[s.target]))),
  };
}

const logSum = (logs) => {
  const top = Math.max(...logs);
  return top === -Infinity ? top : top + Math.log(sum(logs.map((v) => Math.exp(v - top))));
};
const logistic = (y) => 1 / (1 + Math.exp(-y));
const logLogistic = (y) => (y < 0 ? y - Math.log1p(Math.exp(y)) : -Math.log1p(Math.exp(-y)));

/** What each estimator makes of a sample's score: log of its weight, given log q, log of 1 - q_t and how many count. */
const WEIGHTS = {
  sampled_softmax: (x, logQ, logRest, kept) => x - logQ + logRest - Math.log(kept),
  naive_importance: (x, logQ, _, kept) => x - logQ - Math.log(kept),
  log_q: (x, logQ) => x - logQ,
  uncorrected: (x) => x,
};

/** Loss and gradient of one draw by a softmax over the target and the samples, or over the samples alone. */
function bySoftmax({ x, t, logQ, estimator }, samples) {
  const gradient = [...x].map(() => 0);
  if (samples.length === 0 && estimator === "sampled_softmax") return { loss: 0, gradient };
  const logRest = logSum([...logQ].filter((_, c) => c !== t));
  const scores = samples.map((c) => WEIGHTS[estimator](x[c], logQ[c], logRest, samples.length));
  const target = estimator === "log_q" ? x[t] - logQ[t] : x[t];
  const logs = estimator === "naive_importance" ? scores : [target, ...scores];
  const all = logSum(logs);
  for (const [j, c] of samples.entries()) gradient[c] += Math.exp(scores[j] - all);
  // Its own share less 1 is the share of all others, which is exact also where that is small.
  gradient[t] = -sum(gradient.filter((_, c) => c !== t));
  return { loss: all - target, gradient };
}

/** Loss and gradient of one draw by a logistic loss of the target and of each sample. */
function byLogistic({ x, t, logQ, k, estimator }, samples) {
  const y = [...x].map((score, c) => (estimator === "nce" ? score - logQ[c] - Math.log(k) : score));
  const gradient = y.map(() => 0);
  gradient[t] = -logistic(-y[t]);
  for (const c of samples) gradient[c] += logistic(y[c]);
  return { loss: -logLogistic(y[t]) - sum(samples.map((c) => logLogistic(-y[c]))), gradient };
}

/** Loss and gradient of given samples under any estimator. */
export function lossOf(subject, samples) {
  const counted = subject.hits === "kept" ? samples : samples.filter((c) => c !== subject.t);
  return (subject.estimator in WEIGHTS ? bySoftmax : byLogistic)(subject, counted);
}

/** Mean and variance of the gradient and the mean loss over every possible draw. */
export function enumerated(subject) {
  const { x, t, logQ, k, hits } = subject;
  const n = x.length;
  const logRest = logSum([...logQ].filter((_, c) => c !== t));
  const source = [...logQ].map((log, c) => Math.exp(hits === "excluded" ? (c === t ? -Infinity : log - logRest) : log));
  const draws = classesOf(n ** k).map((code) => {
    const samples = classesOf(k).map((j) => Math.floor(code / n ** j) % n);
    const chance = samples.reduce((p, c) => p * source[c], 1);
    return { chance, ...(chance ? lossOf(subject, samples) : { loss: 0, gradient: [...x].map(() => 0) }) };
  });
  const mean = classesOf(n).map((c) => sum(draws.map(({ chance, gradient }) => chance * gradient[c])));
  const variance = mean.map((m, c) => sum(draws.map(({ chance, gradient }) => chance * (gradient[c] - m) ** 2)));
  return { mean, variance, loss: sum(draws.map(({ chance, loss }) => chance * loss)) };
}

/** chi2 = sum of ptil^2 / r - 1, as it is defined. */
export function chiSquared(m, t) {
  const rest = sum(m.p.filter((_, c) => c !== t));
  return sum(m.p.map((p, c) => (c === t ? 0 : (p / rest) ** 2 / m.r[c]))) - 1;
}
