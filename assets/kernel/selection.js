/** Which classes are shown: orders that are sorted once, the classes that get a bar, and curves by rank. */

/** @typedef {import("../types").Constants} Constants */

/**
 * Compare classes: the larger value first, ties by index.
 * @param {Float64Array} values @returns {(a: number, b: number) => number}
 */
export const byValue = (values) => (a, b) => values[b] - values[a] || a - b;

/** The classes as they come. @param {number} n */
export const inTurn = (n) => Int32Array.from({ length: n }, (_, c) => c);

/** The classes sorted, the largest value first. @param {Float64Array} values */
export const sorted = (values) => inTurn(values.length).sort(byValue(values));

/**
 * An order that holds but for a few classes whose values have changed.
 * @param {Int32Array} order @param {Float64Array} values @param {number[]} changed
 */
export function patched(order, values, changed) {
  if (changed.length === 0) return order;
  const compare = byValue(values);
  const moved = [...new Set(changed)].sort(compare);
  const out = order.slice();
  const away = new Set(moved);
  let next = 0;
  let at = 0;
  for (const c of order) {
    if (away.has(c)) continue;
    while (next < moved.length && compare(moved[next], c) < 0) out[at++] = moved[next++];
    out[at++] = c;
  }
  out.set(moved.slice(next), at);
  return out;
}

/**
 * The first classes of an order, one of them left out.
 * @param {Int32Array} order @param {number} most @param {number} skip
 */
export function leading(order, most, skip) {
  return [...order.subarray(0, most + 1)].filter((c) => c !== skip).slice(0, most);
}

/**
 * The classes that get a bar, in the order of the bars: all of them while they are few; else the target, the largest
 * other scores, then this draw's samples, then the next largest scores.
 * @param {{x: Float64Array, order: Int32Array, target: number}} ranking @param {Iterable<number>} sampled
 * @param {Constants} constants
 */
export function shown({ x, order, target }, sampled, { SHOWN_ALL, SHOWN, SHOWN_TOP }) {
  if (x.length <= SHOWN_ALL) return [...inTurn(x.length)];
  const best = leading(order, SHOWN - 1, target);
  const list = [target, ...best.slice(0, SHOWN_TOP)];
  const first = new Set(list);
  const others = [...new Set(sampled)].filter((c) => !first.has(c)).sort(byValue(x));
  const all = new Set([...list, ...others.slice(0, SHOWN - list.length), ...best]);
  return [...all].slice(0, SHOWN);
}

/**
 * Classes whose slots are held while a hand is down, where they still fit the problem.
 * @param {number[] | null | undefined} keep @param {number} n @param {number} target @param {Constants} constants
 */
export function held(keep, n, target, { SHOWN_ALL }) {
  return n > SHOWN_ALL && keep?.includes(target) && keep.every((c) => c < n) ? keep : null;
}

/**
 * Ranks 1, 2, ... spaced by a factor, the last is n.
 * @param {number} n @param {number} growth
 */
export function ranks(n, growth) {
  const list = [];
  for (let r = 1; r < n; r = Math.max(r + 1, Math.floor(r * growth))) list.push(r);
  list.push(n);
  return list;
}

/**
 * The rank of a class, from 1, among all but the target.
 * @param {{x: Float64Array, order: Int32Array, target: number}} ranking @param {number} c
 */
export function rankOf({ x, order, target }, c) {
  const compare = byValue(x);
  let lo = 0;
  let hi = order.length;
  while (lo < hi) {
    const middle = (lo + hi) >>> 1;
    if (compare(order[middle], c) < 0) lo = middle + 1;
    else hi = middle;
  }
  return lo + (compare(target, c) < 0 ? 0 : 1);
}

/**
 * An order without one of its classes.
 * @param {Int32Array} order @param {number} skip @param {Int32Array} [room] of an earlier one
 */
export function omitting(order, skip, room) {
  const others = room?.length === order.length - 1 ? room : new Int32Array(order.length - 1);
  const at = order.indexOf(skip);
  others.set(order.subarray(0, at));
  others.set(order.subarray(at + 1), at);
  return others;
}

/** @param {Float64Array} values @param {Int32Array} order @param {number} from @param {number} to */
function sumOf(values, order, from, to) {
  let sum = 0;
  for (let r = from; r < to; r++) sum += values[order[r]];
  return sum;
}

/**
 * The pushes of the full gradient by groups of ranks: 1 to ends[0], the next to ends[1], ..., the rest.
 * @param {Int32Array} order without the target @param {Float64Array} p @param {number[]} ends
 */
export function masses(order, p, ends) {
  const last = order.length;
  const from = [0, ...ends].map((end) => Math.min(end, last));
  const to = [...ends, last].map((end) => Math.min(end, last));
  const there = to.map((end, i) => end > from[i]);
  return {
    mass: from.map((start, i) => sumOf(p, order, start, to[i])),
    mass_from: from.map((start, i) => (there[i] ? start + 1 : null)),
    mass_to: to.map((end, i) => (there[i] ? end : null)),
  };
}
