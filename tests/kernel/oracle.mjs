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
