/** How far the noise is from the ideal one: chi squared, where nothing cancels and nothing leaves float64 before the sum. */

import { logSumExp } from "./noise.js";

const ROUNDING = 64 * Number.EPSILON; // of a logarithm near 1: what it leaves of a distance is none

/**
 * chi2 = sum over c != t of r_c (rho_c - 1)^2, where rho_c = ptil_c / r_c and ptil is the softmax off the target;
 * Infinity where that is beyond float64.
 * @param {Float64Array} x @param {number} t @param {Float64Array} logR log of the noise given "not the target"
 */
export function chiSquared(x, t, logR) {
  const z = logSumExp(x, t);
  let found = 0;
  let size = 1;
  for (let c = 0; c < x.length; c++) {
    size = Math.max(size, Math.abs(x[c]));
    if (c !== t) found += share(x[c] - z, logR[c]);
  }
  return found <= (ROUNDING * size) ** 2 ? 0 : found;
}

/** r (rho - 1)^2. @param {number} ideal log ptil @param {number} logR */
function share(ideal, logR) {
  const d = ideal - logR;
  return d > 0 ? Math.exp(ideal + d) * Math.expm1(-d) ** 2 : Math.exp(logR) * Math.expm1(d) ** 2;
}
