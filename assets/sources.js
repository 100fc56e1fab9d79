/** Where scores come from: the problems, as the page holds them for its preview. */

import { normals } from "./kernel.js";

const numbered = (c) => `class ${c}`;
let drawn = new Float64Array(0);

function randomScores(n, spread) {
  if (drawn.length < n) drawn = normals(0, Math.max(n, 2 * drawn.length));
  return Float64Array.from({ length: n }, (_, c) => spread * drawn[c]);
}

const zipf = (n) => Float64Array.from({ length: n }, (_, c) => 1e6 / (c + 1));

/** Names of a problem as the target control needs them. */
export function directory(key, count, of, all = null) {
  const index = all && new Map(all.map((name, c) => [name, c]));
  const numeric = (text) => {
    const found = text.match(/^(?:#|class )?\s*(\d+)$/);
    return found && Number(found[1]) < count ? Number(found[1]) : -1;
  };
  return {
    key, count, of,
    find: (text) => index?.get(text) ?? index?.get(text.trim()) ?? numeric(text.trim()),
    search: (text, most) => {
      if (!all) return [];
      const start = all.filter((name) => name.startsWith(text)).slice(0, most);
      return start.length ? start : all.filter((name) => name.includes(text)).slice(0, most);
    },
  };
}

/** Problems by name, fetched once; each gives names, scores and counts, or null while they are not here. */
export class Sources {
  constructor(root, most, arrived) {
    Object.assign(this, { root, most, arrived, held: new Map(), asked: new Set() });
    this.edited = { key: null, scores: null };
  }

  /** The unedited problem for some settings, or null where torch alone has it. */
  base(s, urls) {
    if (s.problem === "random") {
      if (s.classes > this.most) return null;
      const key = `random ${s.classes} ${s.spread}`;
      if (this.random?.key !== key) this.random = { key, scores: randomScores(s.classes, s.spread), counts: zipf(s.classes), names: numbered };
      return this.random;
    }
    const url = urls[s.problem];
    if (!url) return null;
    if (this.held.has(url)) return this.held.get(url);
    if (!this.asked.has(url)) this.#fetch(url);
    return null;
  }

  /** The same with dragged scores in it; a new array whenever they change. */
  problem(s, urls) {
    const base = this.base(s, urls);
    if (!base) return null;
    const key = `${base.key}|${s.edits}`;
    if (this.edited.key !== key) {
      const scores = s.edits.length ? base.scores.slice() : base.scores;
      for (const [c, score] of s.edits) if (c < scores.length) scores[c] = score;
      this.edited = { key, names: base.names, counts: base.counts, scores };
    }
    return this.edited;
  }

  async #fetch(url) {
    this.asked.add(url);
    try {
      const answer = await fetch(this.root + url);
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const { names, scores, counts } = await answer.json();
      this.held.set(url, {
        key: url, all: names, names: (c) => names[c],
        scores: Float64Array.from(scores), counts: counts && Float64Array.from(counts),
      });
      this.arrived();
    } catch {
      this.asked.delete(url); // the server answers without a preview; the next change tries again
    }
  }
}
