/** The classes that are drawn, one row a draw, kept while what is changed by hand leaves them as they are. */

import { invert } from "./noise.js";
import { fill } from "./philox.js";

/** @typedef {import("./noise.js").Table} Table */

/** The next even number: a block of random numbers gives two. @param {number} k */
const even = (k) => k + (k & 1);

/** Draws of one seed from one table. A row is drawn when it is asked for, and lengthened when more is. */
export class Rows {
  /** @param {number} seed @param {Table} table */
  constructor(seed, table) {
    this.seed = seed;
    this.table = table;
    this.width = 0; // places a row
    this.samples = new Int32Array(0);
    this.lengths = new Int32Array(0); // places of each row that are drawn
    this.uniforms = new Float64Array(0);
  }

  /**
   * Make room for rows of k samples; what is drawn is kept where the rows have room already.
   * @param {number} rows @param {number} k
   */
  reserve(rows, k) {
    if (k <= this.width && rows <= this.lengths.length) return;
    this.width = Math.max(even(k), this.width);
    const count = Math.max(rows, this.lengths.length);
    this.samples = new Int32Array(count * this.width);
    this.lengths = new Int32Array(count);
    this.uniforms = new Float64Array(this.width);
  }

  /**
   * Where the k samples of draw i (from 0) lie in `samples`.
   * @param {number} i @param {number} k
   */
  at(i, k) {
    const start = i * this.width;
    const from = this.lengths[i];
    if (from < k) this.#lengthen(i, start, from, even(k));
    return start;
  }

  /** @param {number} i @param {number} start @param {number} from @param {number} to */
  #lengthen(i, start, from, to) {
    const { samples, table, uniforms } = this;
    fill(this.seed, i, from, to, uniforms, 0);
    for (let j = from; j < to; j++) samples[start + j] = invert(table, uniforms[j - from]);
    this.lengths[i] = to;
  }
}
