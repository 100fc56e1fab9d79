/** The classes that are drawn, one row a draw, kept while what is changed by hand leaves them as they are. */

import { invert } from "./noise.js";
import { fill } from "./philox.js";

/** @typedef {import("./noise.js").Table} Table */

const ROOMY = 1 << 20; // entries: beyond, rows get no more room than is asked for

/** The next even number: a block of random numbers gives two. @param {number} k */
const even = (k) => k + (k & 1);

/**
 * Rows in a larger room.
 * @template {Int32Array | Float64Array} T
 * @param {T} old @param {T} room @param {number} width of the old rows @param {number} wider of the new ones
 */
function moved(old, room, width, wider) {
  if (width === 0) return room;
  for (let i = 0; (i + 1) * width <= old.length; i++) room.set(old.subarray(i * width, (i + 1) * width), i * wider);
  return room;
}

/** The uniforms of one seed by draw, and the classes that a table makes of them; each is made when it is asked for. */
export class Rows {
  /** @param {number} seed */
  constructor(seed) {
    this.seed = seed;
    /** @type {Table | null} */
    this.table = null;
    this.width = 0; // places a row
    this.uniforms = new Float64Array(0);
    this.samples = new Int32Array(0);
    this.known = new Int32Array(0); // uniforms of each row that are there
    this.drawn = new Int32Array(0); // classes of each row that are
  }

  /** Draw from another table; the uniforms stay. @param {Table} table */
  from(table) {
    if (table === this.table) return;
    this.table = table;
    this.drawn.fill(0);
  }

  /**
   * Make room for rows of k samples.
   * @param {number} rows @param {number} k
   */
  reserve(rows, k) {
    const count = Math.max(rows, this.known.length);
    if (k <= this.width && count === this.known.length) return;
    const wider = count * this.width < ROOMY && k > this.width ? 2 * this.width : this.width;
    const width = Math.max(even(k), wider);
    this.uniforms = moved(this.uniforms, new Float64Array(count * width), this.width, width);
    this.samples = moved(this.samples, new Int32Array(count * width), this.width, width);
    this.known = moved(this.known, new Int32Array(count), 1, 1);
    this.drawn = moved(this.drawn, new Int32Array(count), 1, 1);
    this.width = width;
  }

  /**
   * Where the k samples of draw i (from 0) lie in `samples`.
   * @param {number} i @param {number} k
   */
  at(i, k) {
    if (this.drawn[i] < k) this.#draw(i, even(k));
    return i * this.width;
  }

  /** @param {number} i @param {number} to */
  #draw(i, to) {
    const { table, uniforms, samples, known, drawn } = this;
    if (!table) throw new Error("rows must have a table to draw from, got none; call from(table) first");
    const start = i * this.width;
    if (known[i] < to) fill(this.seed, i, known[i], to, uniforms, start + known[i]);
    for (let j = start + drawn[i]; j < start + to; j++) samples[j] = invert(table, uniforms[j]);
    known[i] = Math.max(known[i], to);
    drawn[i] = to;
  }
}
