/**
 * The mathematics of the page: what torch computes, computed again in the browser so that a
 * dragged control answers at once. No DOM here. ssm.experiment is the truth; the tests hold every
 * number of this file against it.
 *
 * @typedef {{names: (c: number) => string, scores: Float64Array, counts: Float64Array|null}} Problem
 * @typedef {{target: number, samples: number, noise: string, power: number, temperature: number,
 *   weights: number[][], hits: string, draws: number, seed: number, draw: number, average: string}} Settings
 * @typedef {{columns: Object<string, any[]>, numbers: Object<string, number>}} View
 */

const SHOWN_ALL = 50; // up to here every class has its bar
const SHOWN_MOST = 40; // beyond, this many: the target, the largest scores, this draw's samples
const SHOWN_TOP = 24;
const WATCHED = 5;
const TERMS = 6;
const LARGEST_EXPONENT = 600; // exp() of more leaves too little room below the largest double

// ---------------------------------------------------------------- Philox4x32-10

const high = (a, b) => {
  const al = a & 0xffff, ah = a >>> 16, bl = b & 0xffff, bh = b >>> 16;
  const lh = al * bh, hl = ah * bl;
  const carry = (((al * bl) >>> 16) + (lh & 0xffff) + (hl & 0xffff)) >>> 16;
  return (ah * bh + (lh >>> 16) + (hl >>> 16) + carry) >>> 0;
};

/** One block of Philox4x32-10 (Salmon et al. 2011): four counter words and two key words to four words. */
export function philox(c0, c1, c2, c3, k0, k1) {
  for (let round = 0; round < 10; round++) {
    const h0 = high(0xd2511f53, c0), l0 = Math.imul(0xd2511f53, c0);
    const h1 = high(0xcd9e8d57, c2), l1 = Math.imul(0xcd9e8d57, c2);
    c0 = (h1 ^ c1 ^ k0) >>> 0;
    c1 = l1 >>> 0;
    c2 = (h0 ^ c3 ^ k1) >>> 0;
    c3 = l0 >>> 0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

const unit = (a, b) => ((a >>> 5) * 67108864 + (b >>> 6)) / 9007199254740992;
const key = (seed) => [seed >>> 0, Math.floor(seed / 4294967296) >>> 0];

/** The k uniforms of draw i (counted from 0), a pure function of (seed, i, j). */
export function uniforms(seed, i, k, out = new Float64Array(k)) {
  const [k0, k1] = key(seed);
  for (let j = 0; j < k; j += 2) {
    const w = philox(j >>> 1, i, 0, 0, k0, k1);
    out[j] = unit(w[0], w[1]);
    if (j + 1 < k) out[j + 1] = unit(w[2], w[3]);
  }
  return out;
}

/** n standard normals (Box-Muller), class c from counter (c, 0, 0, 1). */
export function normals(seed, n) {
  const [k0, k1] = key(seed);
  return Float64Array.from({ length: n }, (_, c) => {
    const w = philox(c, 0, 0, 1, k0, k1);
    return Math.sqrt(-2 * Math.log1p(-unit(w[0], w[1]))) * Math.cos(2 * Math.PI * unit(w[2], w[3]));
  });
}

// ---------------------------------------------------------------- noise

function logSumExp(values, skip = -1) {
  let top = -Infinity, sum = 0;
  for (let c = 0; c < values.length; c++) if (c !== skip && values[c] > top) top = values[c];
  for (let c = 0; c < values.length; c++) if (c !== skip) sum += Math.exp(values[c] - top);
  return top + Math.log(sum);
}

function unnormalised(problem, s) {
  const x = problem.scores, n = x.length;
  switch (s.noise) {
    case "uniform":
      return new Float64Array(n);
    case "log_uniform":
      return Float64Array.from({ length: n }, (_, c) => Math.log(Math.log1p(1 / (c + 1))));
    case "unigram":
      return Float64Array.from(problem.counts, (count) => s.power * Math.log(count));
    case "softmax":
      return x.map((score) => score / s.temperature);
    case "custom": {
      const logs = new Float64Array(n);
      for (const [c, weight] of s.weights) if (c < n) logs[c] = Math.log(weight);
      return logs;
    }
  }
  throw new Error(`unknown noise ${s.noise}`);
}

/** log q over all classes. */
export function logProbs(problem, s) {
  const logs = unnormalised(problem, s);
  const z = logSumExp(logs);
  return logs.map((v) => v - z);
}

/** log r = log(q / (1 - q_t)) off the target, -inf on it. */
export function without(logQ, target) {
  const z = logSumExp(logQ, target);
  return logQ.map((v, c) => (c === target ? -Infinity : v - z));
}

/** Inverse-CDF table. */
export function cumulative(logs) {
  const cdf = new Float64Array(logs.length);
  let total = 0, last = 0;
  for (let c = 0; c < logs.length; c++) {
    const p = Math.exp(logs[c]);
    if (p > 0) last = c;
    cdf[c] = total += p;
  }
  return { cdf, last, total };
}

/** The first class whose cumulative probability exceeds u. */
export function invert({ cdf, last, total }, u) {
  const v = u * total;
  let lo = 0, hi = cdf.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (cdf[mid] > v) hi = mid;
    else lo = mid + 1;
  }
  return Math.min(lo, last);
}

// ---------------------------------------------------------------- one draw

/**
 * Everything that stays the same from draw to draw.
 * logA[c] = x_c - x_t - log r_c: a sample's corrected weight, the target's being k_eff.
 */
function prepare(problem, s) {
  const x = problem.scores, t = s.target, n = x.length;
  const logQ = logProbs(problem, s), logR = without(logQ, t);
  const logA = new Float64Array(n);
  let top = 0;
  for (let c = 0; c < n; c++) {
    logA[c] = c === t ? -Infinity : x[c] - x[t] - logR[c];
    if (logA[c] > top) top = logA[c];
  }
  const safe = top < LARGEST_EXPONENT;
  const drawn = s.hits === "excluded" ? logR : logQ;
  const logZ = logSumExp(x);
  const p = x.map((score) => Math.exp(score - logZ));
  const full = p.slice();
  full[t] = -(1 - p[t] > 1e-3 ? 1 - p[t] : Math.exp(logSumExp(x, t) - logZ));
  return {
    x, t, n, k: s.samples, seed: s.seed, logQ, logR, drawn, table: cumulative(drawn), logA, p, full,
    a: safe ? logA.map(Math.exp) : null, lossFull: logZ - x[t],
  };
}

/** Draw i (from 0): samples, each sample's gradient, the target's gradient, the loss. */
function drawOnce(e, i, buffer) {
  const { k, t, logA, a } = e;
  const { u, samples, gradients } = buffer;
  uniforms(e.seed, i, k, u);
  let kept = 0, top = -Infinity;
  for (let j = 0; j < k; j++) {
    const c = (samples[j] = invert(e.table, u[j]));
    if (c === t) continue;
    kept++;
    if (logA[c] > top) top = logA[c];
  }
  buffer.kept = kept;
  if (kept === 0) {
    gradients.fill(0);
    buffer.target = buffer.loss = 0;
    return;
  }
  const shift = a ? 0 : Math.max(top, Math.log(kept));
  let rest = 0;
  for (let j = 0; j < k; j++) {
    const c = samples[j];
    const w = c === t ? 0 : a ? a[c] : Math.exp(logA[c] - shift);
    gradients[j] = w;
    rest += w;
  }
  const own = kept * Math.exp(-shift), all = own + rest;
  for (let j = 0; j < k; j++) gradients[j] /= all;
  buffer.target = -rest / all;
  buffer.loss = rest < own ? Math.log1p(rest / own) : Math.log(all) + shift - Math.log(kept);
}

const newBuffer = (k) => ({
  u: new Float64Array(k), samples: new Int32Array(k), gradients: new Float64Array(k), kept: 0, target: 0, loss: 0,
});

/** m = 1, then max(m + 1, floor(m * 1.08)), the last is `draws`. */
export function checkpoints(draws) {
  const list = [];
  for (let m = 1; m < draws; m = Math.max(m + 1, Math.floor(m * 1.08))) list.push(m);
  list.push(draws);
  return list;
}

/** A walk along the draws: the sums over the first `position` of them. */
const newWalk = (e) => ({ position: 0, sum: new Float64Array(e.n), loss: 0, buffer: newBuffer(e.k) });

function advance(walk, e, to) {
  const { sum, buffer } = walk;
  for (; walk.position < to; walk.position++) {
    drawOnce(e, walk.position, buffer);
    for (let j = 0; j < e.k; j++) sum[buffer.samples[j]] += buffer.gradients[j];
    sum[e.t] += buffer.target;
    walk.loss += buffer.loss;
  }
}

function distance(walk, e) {
  const { sum, position: m } = walk;
  let s = 0;
  for (let c = 0; c < e.n; c++) s += (sum[c] / m - e.full[c]) ** 2;
  return Math.sqrt(s);
}

/** `draws` draws and the distance of their running mean from the full gradient at each checkpoint. */
function converge(e, draws, watched) {
  const walk = newWalk(e), marks = checkpoints(draws), errors = [], lines = watched.map(() => []);
  for (const m of marks) {
    advance(walk, e, m);
    errors.push(distance(walk, e));
    watched.forEach((c, w) => lines[w].push(walk.sum[c] / m));
  }
  return { marks, errors, lines, walk };
}

/** The mean of the first m draws, from the walk where it is or from the start. */
function average(run, e, m) {
  if (run.walk.position > m) run.walk = newWalk(e);
  advance(run.walk, e, m);
  const { walk } = run;
  return { mean: walk.sum.map((v) => v / m), loss: walk.loss / m, error: distance(walk, e) };
}

// ---------------------------------------------------------------- exact moments

const LOWEST = -6.5, WIDEST_STEP = 0.125, FIRST_NODES = 128, MOST_NODES = 2048, TOLERANCE = 1e-13, ROUNDING = 1e-13;

/** q_c, b_c = 1 + a_c off the target; a hit adds nothing. */
function integrand(e, hits) {
  const { n, t, logA, k } = e;
  const logs = hits === "excluded" ? e.logR : e.logQ;
  const q = [], a = [], index = [];
  let mean = 0;
  for (let c = 0; c < n; c++) {
    const qc = c === t ? 0 : Math.exp(logs[c]);
    if (qc === 0) continue;
    q.push(qc);
    a.push(Math.exp(logA[c]));
    index.push(c);
    mean += qc * (1 + Math.exp(logA[c]));
  }
  return { q, a, index, qt: hits === "excluded" ? 0 : Math.exp(e.logQ[t]), scale: k * mean };
}

const highest = (scale) => Math.max(5, Math.log(45 * scale));

function quadrature(e, f, nodes) {
  const { n, t, k } = e, { q, a, index, qt, scale } = f, size = q.length;
  const lo = LOWEST, h = (highest(scale) - lo) / (nodes - 1);
  const mean = new Float64Array(n), square = new Float64Array(n), off = new Float64Array(size);
  let gt = 0, gt2 = 0, loss = 0;
  for (let i = 0; i < nodes; i++) {
    const s = lo + i * h, w = Math.exp(-s);
    const v = Math.exp(s - w) / scale, dv = v * (1 + w) * h;
    let lack = 0, left = 0;
    for (let c = 0; c < size; c++) {
      const x = -v * (1 + a[c]), d = Math.expm1(x);
      off[c] = d < -0.5 ? Math.exp(x) : 1 + d; // each form where it keeps its digits
      lack += q[c] * d;
      left += q[c] * off[c];
    }
    const logG = Math.log1p(Math.max(-1, lack));
    const g1 = k === 1 ? 1 : Math.exp((k - 1) * logG); // a power of 0 is 1, and 0 * log 0 is not a number
    const g2 = k === 1 ? 0 : k === 2 ? 1 : Math.exp((k - 2) * logG);
    const w1 = dv * k * g1, w2 = dv * v * k * g1, w3 = dv * v * k * (k - 1) * g2;
    gt += w1 * left;
    gt2 += w2 * left + w3 * left * left;
    const none = qt === 0 ? Math.exp(-k * v) : Math.exp(k * Math.log1p((1 - qt) * Math.expm1(-v)));
    loss += (1 + w) * h * (none - Math.exp(k * logG)); // dv / v, also where v underflows
    if (w1 === 0 && w2 === 0 && w3 === 0) continue;
    for (let c = 0; c < size; c++) {
      mean[index[c]] += w1 * off[c];
      square[index[c]] += (w2 + w3 * q[c] * off[c]) * off[c];
    }
  }
  const some = 1 - qt ** k;
  let error = (mean[t] = gt - some);
  square[t] = gt2 - 2 * gt + some;
  for (let c = 0; c < size; c++) {
    const d = index[c], weight = q[c] * a[c];
    error += mean[d] *= weight;
    square[d] *= weight * a[c];
  }
  return { mean, square, loss, error: Math.abs(error) };
}

/** Exact mean and variance of the gradient, and the mean loss: a one-dimensional integral, no simulation. */
export function moments(e, hits) {
  const f = integrand(e, hits);
  if (!Number.isFinite(f.scale)) return null; // beyond float64 without logarithms: torch, which has them, fills it in
  let nodes = Math.max(FIRST_NODES, Math.ceil((highest(f.scale) - LOWEST) / WIDEST_STEP)), found = quadrature(e, f, nodes);
  while (!(found.error < TOLERANCE) && nodes < MOST_NODES) found = quadrature(e, f, (nodes *= 2));
  const variance = found.mean.map((m, c) => {
    const v = found.square[c] - m * m, rounding = c === e.t ? ROUNDING : ROUNDING * found.square[c];
    return v > rounding ? v : 0;
  });
  return { mean: found.mean, variance, loss: found.loss, error: found.error };
}

// ---------------------------------------------------------------- the view

/** Ranks 1, 2, ... spaced by at least 4 %, the last is n. */
export function ranks(n) {
  const list = [];
  for (let r = 1; r < n; r = Math.max(r + 1, Math.floor(r * 1.04))) list.push(r);
  list.push(n);
  return list;
}

const byScore = (x) => (a, b) => x[b] - x[a] || a - b;

/** The `most` classes with the largest scores, the largest first, ties by index. */
function largest(x, most, skip) {
  const order = byScore(x), best = [];
  for (let c = 0; c < x.length; c++) {
    if (c === skip) continue;
    if (best.length === most && order(c, best[most - 1]) > 0) continue;
    let at = best.length;
    while (at > 0 && order(c, best[at - 1]) < 0) at--;
    best.splice(at, 0, c);
    if (best.length > most) best.pop();
  }
  return best;
}

/** The classes that get a bar, in the order of the bars. */
export function shown(x, target, counts) {
  const n = x.length;
  if (n <= SHOWN_ALL) return Array.from({ length: n }, (_, c) => c);
  const top = largest(x, SHOWN_MOST - 1, target);
  const list = [target, ...top.slice(0, SHOWN_TOP)];
  const sampled = [...counts.keys()].filter((c) => !list.includes(c)).sort(byScore(x));
  list.push(...sampled.slice(0, SHOWN_MOST - list.length));
  for (const c of top) if (list.length < SHOWN_MOST && !list.includes(c)) list.push(c);
  return list;
}

const NONE = null;
const sortedDown = (values) => Float64Array.from(values).sort().reverse();

function rankedColumns(e) {
  if (e.n <= SHOWN_ALL) return { ranked_rank: [], ranked_score: [], ranked_noise: [], ranked_gradient: [] };
  const at = ranks(e.n);
  const score = sortedDown(e.x), noise = sortedDown(e.drawn.map(Math.exp));
  const forest = sortedDown(e.p.map((v, c) => (c === e.t ? -1 : v)));
  return {
    ranked_rank: at,
    ranked_score: at.map((r) => score[r - 1]),
    ranked_noise: at.map((r) => noise[r - 1]),
    ranked_gradient: at.map((r) => (r < e.n ? forest[r - 1] : NONE)),
  };
}

function drawColumns(e, classes, draw, counts) {
  const gradient = new Map([[e.t, draw.target]]);
  for (let j = 0; j < e.k; j++) {
    const c = draw.samples[j];
    if (c !== e.t) gradient.set(c, (gradient.get(c) ?? 0) + draw.gradients[j]);
  }
  const sampled = (c) => c !== e.t && counts.has(c);
  const correction = (c) => -(Math.log(draw.kept) + e.logR[c]);
  return {
    gradient,
    columns: {
      model: classes.map((c) => (sampled(c) ? e.x[c] : NONE)),
      correction: classes.map((c) => (sampled(c) ? correction(c) : NONE)),
      corrected: classes.map((c) => (sampled(c) ? e.x[c] + correction(c) : NONE)),
      count: classes.map((c) => counts.get(c) ?? 0),
      gradient_draw: classes.map((c) => gradient.get(c) ?? 0),
      term_class: [...draw.samples].filter((c) => c !== e.t).slice(0, TERMS),
      term_score: [...draw.samples].filter((c) => c !== e.t).slice(0, TERMS).map((c) => e.x[c]),
      term_correction: [...draw.samples].filter((c) => c !== e.t).slice(0, TERMS).map(correction),
    },
  };
}

function drawNumbers(e, draw, counts, gradient) {
  const top = draw.gradients.reduce((a, b) => Math.max(a, b), 0);
  const computed = counts.size + (counts.has(e.t) ? 0 : 1);
  let sum = 0, squares = 0, apart = 0;
  for (let j = 0; j < e.k; j++) {
    sum += draw.gradients[j] / top;
    squares += (draw.gradients[j] / top) ** 2;
  }
  for (let c = 0; c < e.n; c++) apart += ((gradient.get(c) ?? 0) - e.full[c]) ** 2;
  return {
    loss_draw: draw.loss,
    kept: draw.kept,
    hit_count: e.k - draw.kept,
    effective: top === 0 ? 0 : (sum * sum) / squares,
    computed,
    touched: draw.kept === 0 ? 0 : computed,
    error_draw: Math.sqrt(apart),
  };
}

function chiSquared(e) {
  let sum = 0;
  const rest = -e.full[e.t];
  for (let c = 0; c < e.n; c++) if (c !== e.t) sum += (e.p[c] / rest) ** 2 * Math.exp(-e.logR[c]);
  return sum - 1;
}

function exactParts(e, m, classes, watched) {
  const variance = m.variance.reduce((s, v) => s + v, 0);
  const floor = Math.sqrt(m.mean.reduce((s, v, c) => s + (v - e.full[c]) ** 2, 0));
  return {
    columns: {
      gradient_exact: classes.map((c) => m.mean[c]),
      gradient_variance: classes.map((c) => m.variance[c]),
      watched_exact: watched.map((c) => m.mean[c]),
    },
    numbers: { floor, variance, loss_exact: m.loss },
  };
}

/** What does not depend on the player's position: kept in `memo` while nothing else changes. */
function steady(problem, s, budget, memo) {
  const { draw, average, ...rest } = s;
  const key = JSON.stringify([rest, budget]);
  if (memo.key === key && memo.scores === problem.scores) return memo.found;
  const e = prepare(problem, s);
  const draws = Math.max(1, Math.min(s.draws, Math.floor(budget.samples / s.samples)));
  const watched = [e.t, ...largest(e.x, WATCHED - 1, e.t)];
  const found = {
    e, draws, watched,
    run: converge(e, draws, watched),
    exact: e.n <= budget.classes ? moments(e, s.hits) : null,
    chi2: chiSquared(e),
  };
  Object.assign(memo, { key, scores: problem.scores, found });
  return found;
}

/**
 * Everything the panels, the sentence and the strip show, by name; ssm.experiment.run has the same names.
 * @param {Problem} problem @param {Settings} s
 * @param {{samples: number, classes: number}} budget how many samples may be drawn in all, and up to how many
 *   classes the exact moments are integrated; what it leaves out is absent, and torch fills it in.
 * @param {object} memo kept by the caller between calls, so that a step of the player costs one draw.
 * @returns {View}
 */
export function view(problem, s, budget = { samples: Infinity, classes: Infinity }, memo = {}) {
  const { e, draws, watched, run, exact, chi2 } = steady(problem, s, budget, memo);
  const averaged = Math.min(draws, s.average === "all" ? s.draws : s.draw);
  const far = average(run, e, averaged);
  const draw = newBuffer(s.samples);
  drawOnce(e, s.draw - 1, draw);
  const counts = new Map();
  for (const c of draw.samples) counts.set(c, (counts.get(c) ?? 0) + 1);
  const classes = shown(e.x, e.t, counts);
  const one = drawColumns(e, classes, draw, counts);
  const sure = exact ? exactParts(e, exact, classes, watched) : { columns: {}, numbers: {} };
  return {
    columns: {
      class: classes,
      score: classes.map((c) => e.x[c]),
      probability: classes.map((c) => e.p[c]),
      noise: classes.map((c) => Math.exp(e.drawn[c])),
      gradient_full: classes.map((c) => e.full[c]),
      gradient_mean: classes.map((c) => far.mean[c]),
      ...one.columns,
      ...rankedColumns(e),
      checkpoints: run.marks,
      errors: run.errors,
      watched,
      watched_full: watched.map((c) => e.full[c]),
      watched_mean: run.lines,
      ...sure.columns,
    },
    numbers: {
      classes: e.n,
      samples: s.samples,
      target: e.t,
      draw: s.draw,
      draws,
      averaged,
      score_target: e.x[e.t],
      probability_target: e.p[e.t],
      noise_target: Math.exp(e.logQ[e.t]),
      spike: e.full[e.t],
      loss_full: e.lossFull,
      loss_mean: far.loss,
      error_mean: far.error,
      chi2,
      ...drawNumbers(e, draw, counts, one.gradient),
      ...sure.numbers,
    },
  };
}
