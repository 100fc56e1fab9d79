/** The short notes of the first view: a text with a leader line to what it is about, where there is room for it. */

import { LINE } from "./layers.js";
import { inside, meets } from "./plane.js";
import { NOTHING } from "./series.js";
import { plain } from "./texts.js";

const DISTANCES = [16, 26, 38, 52, 68, 86]; // px from the place to the text
const DIRECTIONS = [-90, -45, -135, 0, 180, 45, 135, 90]; // degrees, upwards first
const ROOM = 3; // px around a text
const MOST_PLACES = 5;

/** Where each kind of note can point, the best place first, and what it can say there. */
const ANCHORS = {
  sampled: ({ s }) => falling(s.noise_sampled).map((slot) => place(slot + 0.3, 0.9 * s.noise_sampled[slot])),
  untouched: ({ s }) => falling(untouched(s)).map((slot) => place(slot, s.gradient_full[slot] / 2)),
  bias: ({ s }) =>
    falling(gaps(s))
      .slice(0, 2)
      .map((slot) => place(slot + 0.3, (s.gradient_full[slot] + expectation(s, slot)) / 2)),
  arrow: ({ s }) =>
    falling(s.corrected_scores.map((tip, i) => (tip === s.score[i] ? null : tip))).map((slot) =>
      place(slot + 0.1, (s.score[slot] + s.corrected_scores[slot]) / 2, { factor: Math.exp(s.correction[slot]) }),
    ),
};

const place = (along, value, numbers = {}) => ({ at: [along, value], numbers });

/** The slots that have a value, the largest first. */
function falling(values) {
  const there = values.flatMap((value, i) => (value !== null && Number.isFinite(value) ? [i] : []));
  return there.sort((a, b) => values[b] - values[a]).slice(0, MOST_PLACES);
}

const untouched = (s) => s.gradient_full.map((full, i) => (s.gradient_draw[i] === 0 && !s.target[i] ? full : null));

const expectation = (s, slot) => s.expected[3 * slot];

/** How far the expectation of each class is from the full gradient. */
function gaps(s) {
  const least = NOTHING * Math.max(...s.gradient_full.map(Math.abs));
  return s.gradient_full.map((full, i) => {
    const gap = (expectation(s, i) ?? null) === null ? 0 : Math.abs(expectation(s, i) - full);
    return gap > least ? gap : null;
  });
}

/** Labels and leader lines of a panel's notes. */
export function notes(look, taken) {
  const found = { labels: [], shapes: [] };
  for (const note of look.spec.notes) {
    const free = firstFree(look, note, [...taken, ...found.labels]);
    if (!free) continue;
    found.labels.push(free.label);
    found.shapes.push(leader(look, free.label, free.at));
  }
  return found;
}

/** The nearest free place for a note among all that it can point to. */
function firstFree(look, note, taken) {
  const anchors = ANCHORS[note.anchor](look);
  for (const distance of DISTANCES) {
    for (const { at, numbers } of anchors) {
      const label = freePlace(look, plain(note.text, { ...look.words, ...numbers }), at, distance, taken);
      if (label) return { label, at };
    }
  }
  return null;
}

function freePlace(look, text, at, distance, taken) {
  const [x, y] = pixels(look, at);
  const w = look.width(text);
  const bounds = { x: look.box.left, y: 0, w: look.size.width - look.box.left, h: look.box.top + look.box.height };
  for (const direction of DIRECTIONS) {
    const label = beside(x, y, w, distance, (direction * Math.PI) / 180);
    const upright = Math.abs(direction) === 90;
    if (upright) label.x = Math.max(bounds.x, Math.min(bounds.x + bounds.w - w, label.x));
    const free = inside(label, bounds) && !taken.some((other) => meets(label, other, ROOM));
    if (free && !crosses([x, y], label, taken)) return { kind: "note", text, ...label };
  }
  return null;
}

const WAYS = Array.from({ length: 19 }, (_, i) => (i + 1) / 20);

/** Whether the way from a place to its text runs through another text. */
function crosses([x, y], label, taken) {
  const [fromX, fromY] = edge(label, x, y);
  const written = taken.filter(({ kind }) => kind);
  return WAYS.some((t) => {
    const point = { x: x + t * (fromX - x), y: y + t * (fromY - y), w: 0, h: 0 };
    return written.some((other) => meets(point, other, 1));
  });
}

/** The point of a text's edge that is nearest to a place. */
function edge(label, x, y) {
  if (y > label.y && y < label.y + label.h)
    return [x < label.x ? label.x - 2 : label.x + label.w + 2, label.y + label.h / 2];
  return [Math.max(label.x, Math.min(label.x + label.w, x)), y < label.y ? label.y : label.y + label.h];
}

function beside(x, y, w, distance, direction) {
  const [cx, cy] = [x + Math.cos(direction) * (distance + w / 2), y + Math.sin(direction) * distance];
  return { x: cx - w / 2, y: cy - LINE / 2, w, h: LINE };
}

function pixels({ on, box }, at) {
  const [x, y] = on.point(...at);
  return [box.left + x, box.top + y];
}

/** A line from the text to the place, which ends in a small ring. */
function leader(look, label, at) {
  const [x, y] = pixels(look, at);
  const [fromX, fromY] = edge(label, x, y);
  const ring = "m-1.5,0a1.5,1.5 0 1,0 3,0a1.5,1.5 0 1,0 -3,0";
  return { d: `M${fromX.toFixed(1)},${fromY.toFixed(1)}L${x.toFixed(1)},${y.toFixed(1)}${ring}`, look: "leader" };
}
