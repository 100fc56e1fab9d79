/** Sums of many numbers: added up in blocks, because a long sum of equal numbers drifts. */

const BLOCK = 128;

/** The sum of all values. @param {ArrayLike<number>} values */
export function sum(values) {
  let all = 0;
  for (let left = 0; left < values.length; left += BLOCK) {
    const right = Math.min(left + BLOCK, values.length);
    let part = 0;
    for (let c = left; c < right; c++) part += values[c];
    all += part;
  }
  return all;
}

/**
 * log of the sum of e^v, of values that may lie anywhere; -Infinity of none.
 * @param {Float64Array} values
 */
export function logSum(values) {
  let top = -Infinity;
  for (let c = 0; c < values.length; c++) if (values[c] > top) top = values[c];
  if (top === -Infinity) return top;
  return top + Math.log(sum(values.map((v) => Math.exp(v - top))));
}
