/** Random numbers by position: number j of draw i is a pure function of (seed, i, j), the same as in ssm.philox. */

const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57];
const KEY_STEPS = [0x9e3779b9, 0xbb67ae85];
const ROUNDS = 10;

/**
 * The upper 32 bits of a product of two 32-bit words.
 * @param {number} a @param {number} b
 */
function high(a, b) {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const lh = al * bh;
  const hl = ah * bl;
  const carry = (((al * bl) >>> 16) + (lh & 0xffff) + (hl & 0xffff)) >>> 16;
  return (ah * bh + (lh >>> 16) + (hl >>> 16) + carry) >>> 0;
}

/**
 * One block of Philox4x32-10 (Salmon et al. 2011): four counter words and two key words to the four words of `out`.
 * @param {number} c0 @param {number} c1 @param {number} c2 @param {number} c3
 * @param {number} k0 @param {number} k1 @param {Uint32Array} out
 */
export function philox(c0, c1, c2, c3, k0, k1, out = new Uint32Array(4)) {
  for (let round = 0; round < ROUNDS; round++) {
    const h0 = high(MULTIPLIERS[0], c0);
    const h1 = high(MULTIPLIERS[1], c2);
    const l0 = Math.imul(MULTIPLIERS[0], c0) >>> 0;
    const l1 = Math.imul(MULTIPLIERS[1], c2) >>> 0;
    c0 = (h1 ^ c1 ^ k0) >>> 0;
    c1 = l1;
    c2 = (h0 ^ c3 ^ k1) >>> 0;
    c3 = l0;
    k0 = (k0 + KEY_STEPS[0]) >>> 0;
    k1 = (k1 + KEY_STEPS[1]) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
  return out;
}

/** @param {number} upper @param {number} lower */
const fraction = (upper, lower) => ((upper >>> 5) * 67108864 + (lower >>> 6)) / 9007199254740992;

/** @param {number} seed */
const keyOf = (seed) => [seed >>> 0, Math.floor(seed / 4294967296) >>> 0];

const block = new Uint32Array(4); // the words of the block at hand

/**
 * Uniforms `from` to `to` (not included) of draw i, written to `out` from `at` on. A block gives two: `from` is even.
 * @param {number} seed @param {number} i @param {number} from @param {number} to
 * @param {Float64Array} out @param {number} at
 */
export function fill(seed, i, from, to, out, at) {
  const [k0, k1] = keyOf(seed);
  for (let j = from; j < to; j += 2, at += 2) {
    philox(j >>> 1, i, 0, 0, k0, k1, block);
    out[at] = fraction(block[0], block[1]);
    if (j + 1 < to) out[at + 1] = fraction(block[2], block[3]);
  }
}

/**
 * The k uniforms of draw i (counted from 0).
 * @param {number} seed @param {number} i @param {number} k
 */
export function uniforms(seed, i, k) {
  const out = new Float64Array(k);
  fill(seed, i, 0, k, out, 0);
  return out;
}

/**
 * n standard normals (Box and Muller 1958), number c from the block at counter (c, 0, 0, 1).
 * @param {number} seed @param {number} n
 */
export function normals(seed, n) {
  const [k0, k1] = keyOf(seed);
  return Float64Array.from({ length: n }, (_, c) => {
    const w = philox(c, 0, 0, 1, k0, k1, block);
    return Math.sqrt(-2 * Math.log1p(-fraction(w[0], w[1]))) * Math.cos(2 * Math.PI * fraction(w[2], w[3]));
  });
}
