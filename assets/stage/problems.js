/** Where scores come from: the problems, as the page holds them for its preview. */

import { normals } from "../kernel/philox.js";
import { edited, listed, random } from "../kernel/problem.js";

let drawn = new Float64Array(0);

/** The first standard normals, drawn once and kept: more classes only add to them. */
function standard(n) {
  if (drawn.length < n) drawn = normals(0, Math.max(n, 2 * drawn.length));
  return drawn;
}

/** Names of a problem as the class picker needs them. @returns {import("../controls/class_picker.js").Directory} */
export function directory(key, count, of, all = null) {
  const index = all && new Map(all.map((name, c) => [name, c]));
  const numeric = (text) => {
    const found = text.match(/^(?:#|class )?\s*(\d+)$/);
    return found && Number(found[1]) < count ? Number(found[1]) : -1;
  };
  const search = (text, most) => {
    const start = all.filter((name) => name.startsWith(text)).slice(0, most);
    return start.length ? start : all.filter((name) => name.includes(text)).slice(0, most);
  };
  return {
    key,
    count,
    of,
    find: (text) => index?.get(text) ?? index?.get(text.trim()) ?? numeric(text.trim()),
    search: all ? search : () => [],
  };
}

const spelled = (x) => (Object.is(x, -0) ? "-0" : x);
const quoted = (name) => `"${name.replaceAll('"', '""')}"`;

/** A problem of the viewer's own as the text that ssm.explorer.problems.tables reads. @param {import("../kernel/problem.js").Base} base */
export function written({ all, scores, counts }) {
  const rows = all.map((name, c) => [quoted(name), spelled(scores[c]), ...(counts ? [counts[c]] : [])].join(","));
  return [counts ? "class,score,count" : "class,score", ...rows].join("\n");
}

/** @typedef {import("../kernel/problem.js").Base & {base?: Float64Array, edits?: [number, number][]}} Problem */

export class Problems {
  #most;
  #listing;
  #arrived;
  /** @type {Map<string, Problem>} */ #held;
  /** @type {Set<string>} */ #asked = new Set();
  /** @type {Problem|null} */ #random = null;
  /** @type {Problem|null} */ #edited = null;

  /**
   * @param {number} most classes that the page computes
   * @param {(url: string) => Promise<any>} listing of a problem
   * @param {() => void} arrived
   * @param {Map<string, Problem>} held those that have come, by their urls
   */
  constructor(most, listing, arrived, held = new Map()) {
    this.#held = held;
    this.#most = most;
    this.#listing = listing;
    this.#arrived = arrived;
  }

  /** The unedited problem for some settings, or null where torch alone has it. @returns {Problem|null} */
  base(s, urls) {
    if (s.problem === "random") return s.classes > this.#most ? null : this.#randomOf(s);
    const url = urls[s.problem];
    if (!url) return null;
    const found = this.#held.get(url);
    if (!found) this.#fetch(url);
    return found && found.scores.length <= this.#most ? found : null;
  }

  /**
   * How many classes the problem of some settings has, whether they are counted, and all their names where known.
   * @param {any} s @param {any} answer torch's last, or null @param {Record<string, number>} sizes known beforehand
   */
  shape(s, answer, sizes) {
    const base = this.base(s, answer?.urls ?? {});
    const { settings, view, counted } = answer ?? {};
    const mine = settings?.problem === s.problem && settings.table === s.table;
    const known = base?.scores.length ?? (mine ? view.classes.n : sizes[s.problem]);
    const count = s.problem === "random" ? s.classes : known;
    if (count === undefined) return null;
    return { count, counted: base ? base.counts !== null : !(mine && counted === false), all: base?.all ?? null };
  }

  /** A table that the server has lost, as text; null where the page has not seen it. @param {string} url of the table */
  kept(url) {
    const found = this.#held.get(url);
    return found ? written(found) : null;
  }

  #randomOf({ classes, spread }) {
    if (this.#random?.key !== `random ${classes} ${spread}`) this.#random = random(classes, spread, standard(classes));
    return this.#random;
  }

  /** The same with dragged scores in it; the same object for as long as they stay. @returns {Problem|null} */
  problem(s, urls) {
    const base = this.base(s, urls);
    if (!base || !s.edits.length) return base;
    const key = `${base.key}|${s.edits}`;
    if (this.#edited?.key !== key) this.#edited = { ...base, ...edited(base, s.edits), key };
    return this.#edited;
  }

  async #fetch(url) {
    if (this.#asked.has(url)) return;
    this.#asked.add(url);
    try {
      this.#held.set(url, listed(url, await this.#listing(url)));
      this.#arrived();
    } catch {
      this.#asked.delete(url); // the server answers without a preview; the next change tries again
    }
  }
}
