/**
 * Classes compressed: what is smooth in log a_c is summed and read at a few points instead of at every class.
 *
 * Every class enters the integrals through log a_c alone. Where many classes lie within a panel of log a, a polynomial
 * through POINTS Chebyshev points stands for all that is asked of them: weights are spread onto the points by the
 * transpose of interpolation, so that sums stay sums, and results are interpolated back. A panel with few classes keeps
 * them as points of their own; nothing is approximated there.
 */

/** @typedef {import("./ratio.js").Ratio} Ratio @typedef {ReturnType<typeof panelsOf>} Panels */
/**
 * The points that stand for classes: those of the crowded panels, one panel after another, then the classes kept.
 * @typedef {{ratio: Ratio, panels: Panels}} Points
 */

const WIDTH = 0.25; // of a panel, in log a: with as many points, exp(-v a) is interpolated within 1e-14
const POINTS = 11;
const PANELS = 1 << 14; // classes further below the largest are kept as they are
const FEW = 200; // classes are quickly integrated one by one
const CROWD = 2 * POINTS; // fewer classes in a panel keep their own places

/** The Chebyshev polynomials at u. @param {number} u */
function chebyshev(u) {
  const found = [1, u];
  for (let m = 2; m < POINTS; m++) found.push(2 * u * found[m - 1] - found[m - 2]);
  return found;
}

const PLACES = Array.from({ length: POINTS }, (_, j) => Math.cos(((j + 0.5) * Math.PI) / POINTS));
/** What the value at a point adds to each coefficient: L_j(u) = sum over m of BASIS[j][m] T_m(u). */
const BASIS = PLACES.map((u) => chebyshev(u).map((value, m) => ((m === 0 ? 1 : 2) * value) / POINTS));

/**
 * The points that stand for the classes of a draw, or null where they would hardly be fewer.
 * @param {Ratio} ratio @returns {Points | null}
 */
export function compress(ratio) {
  const n = ratio.q.length;
  if (n < FEW) return null;
  const panels = panelsOf(ratio.logA);
  const crowded = panels.rows * POINTS;
  const points = crowded + panels.kept.length;
  if (2 * points > n) return null;
  const [q, squares, logA] = [0, 1, 2].map(() => new Float64Array(points));
  spread(panels, ratio.q, q);
  spread(panels, ratio.squares, squares);
  for (const [place, row] of panels.rowOf.entries()) {
    if (row < 0) continue;
    for (const [j, u] of PLACES.entries()) logA[row * POINTS + j] = panels.top - WIDTH * (place + (u + 1) / 2);
  }
  for (const [i, c] of panels.kept.entries()) logA[crowded + i] = ratio.logA[c];
  return { ratio: { ...ratio, q, squares, logA }, panels };
}

/**
 * Where each class lies: its row, that of its panel among the crowded ones or -1, and its place u within, -1 to 1.
 * @param {Float64Array} logA
 */
function panelsOf(logA) {
  let top = -Infinity;
  for (let c = 0; c < logA.length; c++) if (logA[c] > top) top = logA[c];
  const [row, u] = [new Int32Array(logA.length), new Float64Array(logA.length)];
  const counts = new Int32Array(PANELS + 1);
  for (let c = 0; c < logA.length; c++) {
    const place = Math.min((top - logA[c]) / WIDTH, PANELS);
    row[c] = Math.floor(place); // the panel, until the rows are known
    u[c] = 2 * (place - row[c]) - 1;
    counts[row[c]]++;
  }
  let rows = 0;
  const rowOf = counts.map((count, panel) => (count > CROWD && panel < PANELS ? rows++ : -1));
  const kept = [];
  for (let c = 0; c < logA.length; c++) {
    row[c] = rowOf[row[c]];
    if (row[c] < 0) kept.push(c);
  }
  return { top, row, u, rows, rowOf, kept };
}

/**
 * Weights of the classes as weights of the points.
 * @param {Panels} panels @param {Float64Array} weights @param {Float64Array} out
 */
function spread({ row, u, rows, kept }, weights, out) {
  const sums = new Float64Array(rows * POINTS); // of the polynomials
  for (let c = 0; c < row.length; c++) {
    if (row[c] < 0) continue;
    const at = row[c] * POINTS;
    const twice = 2 * u[c];
    let before = weights[c];
    let now = weights[c] * u[c];
    sums[at] += before;
    for (let m = 1; m < POINTS; m++) {
      sums[at + m] += now;
      const next = twice * now - before;
      before = now;
      now = next;
    }
  }
  for (let i = 0; i < sums.length; i++) {
    const at = i - (i % POINTS);
    for (let m = 0; m < POINTS; m++) out[i] += BASIS[i % POINTS][m] * sums[at + m];
  }
  for (const [i, c] of kept.entries()) out[sums.length + i] = weights[c];
}

/**
 * A function of log a known at the points, at the classes.
 * @param {Points} points @param {Float64Array} values @returns {Float64Array}
 */
export function read({ panels: { row, u, rows, kept } }, values) {
  const degrees = new Float64Array(rows * POINTS);
  for (let i = 0; i < degrees.length; i++) {
    const at = i - (i % POINTS);
    for (let j = 0; j < POINTS; j++) degrees[i] += BASIS[j][i % POINTS] * values[at + j];
  }
  const found = new Float64Array(row.length);
  for (let c = 0; c < row.length; c++) if (row[c] >= 0) found[c] = clenshaw(degrees, row[c] * POINTS, u[c]);
  for (const [i, c] of kept.entries()) found[c] = values[degrees.length + i];
  return found;
}

/** The sum of degrees times polynomials at u. @param {Float64Array} degrees @param {number} at @param {number} u */
function clenshaw(degrees, at, u) {
  const twice = 2 * u;
  let [now, after] = [0, 0];
  for (let m = POINTS - 1; m > 0; m--) {
    const next = degrees[at + m] + twice * now - after;
    after = now;
    now = next;
  }
  return degrees[at] + u * now - after;
}
