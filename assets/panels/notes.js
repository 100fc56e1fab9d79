/** The short notes of the first view: a text with a leader line to what it is about, where there is room for it. */

import { LINE } from "./layers.js";
import { inside, meets } from "./plane.js";
import { say } from "./texts.js";

const DISTANCES = [16, 26, 38, 52, 68, 86]; // px from the place to the text
const DIRECTIONS = [-90, -45, -135, 0, 180, 45, 135, 90]; // degrees, upwards first
const ROOM = 3; // px around a text

/** Where each kind of note points, and what it can say there; null where there is no such place. */
const ANCHORS = {
  sampled: ({ s }) => placed(s.noise_sampled, (slot) => [slot + 0.3, 0.9 * s.noise_sampled[slot]]),
  untouched: ({ s }) => placed(untouched(s), (slot) => [slot, s.gradient_full[slot] / 2]),
  bias: ({ s }) => biasAt(s),
  arrow: ({ s }) => arrowAt(s),
};

function placed(values, at) {
  const slot = largest(values);
  return slot < 0 ? null : { at: at(slot), numbers: {} };
}

function largest(values) {
  let best = -1;
  values.forEach((value, i) => {
    if (value !== null && Number.isFinite(value) && (best < 0 || value > values[best])) best = i;
  });
  return best;
}

const untouched = (s) => s.gradient_full.map((full, i) => (s.gradient_draw[i] === 0 && !s.target[i] ? full : null));

/** Where the expectation is farthest from the full gradient. */
function biasAt(s) {
  const expected = (i) => s.expected[3 * i];
  const gaps = s.gradient_full.map((full, i) => (expected(i) === null || expected(i) === undefined ? null : Math.abs(expected(i) - full)));
  const slot = largest(gaps);
  return slot < 0 || gaps[slot] < 1e-9 ? null : { at: [slot + 0.3, (s.gradient_full[slot] + expected(slot)) / 2], numbers: {} };
}

function arrowAt(s) {
  const slot = largest(s.corrected_scores);
  if (slot < 0) return null;
  const middle = (s.score[slot] + s.corrected_scores[slot]) / 2;
  return { at: [slot + 0.1, middle], numbers: { factor: Math.exp(s.correction[slot]) } };
}

/** Labels and leader lines of a panel's notes. */
export function notes(look, taken) {
  const found = { labels: [], shapes: [] };
  for (const note of look.spec.notes) {
    const anchor = ANCHORS[note.anchor](look);
    const label = anchor && freePlace(look, say(note.text, anchor.numbers), anchor.at, [...taken, ...found.labels]);
    if (!label) continue;
    found.labels.push(label);
    found.shapes.push(leader(look, label, anchor.at));
  }
  return found;
}

function freePlace(look, text, at, taken) {
  const [x, y] = pixels(look, at);
  const w = look.width(text);
  const bounds = { x: look.box.left, y: 0, w: look.size.width - look.box.left, h: look.box.top + look.box.height };
  for (const distance of DISTANCES) {
    for (const direction of DIRECTIONS) {
      const label = beside(x, y, w, distance, (direction * Math.PI) / 180);
      const free = inside(label, bounds) && !taken.some((other) => meets(label, other, ROOM));
      if (free && !crosses([x, y], label, taken)) return { kind: "note", text, ...label };
    }
  }
  return null;
}

/** Whether the way from a place to a text runs through another text. */
function crosses([x, y], label, taken) {
  const [cx, cy] = [label.x + label.w / 2, label.y + label.h / 2];
  const written = taken.filter(({ kind }) => kind);
  return [0.1, 0.25, 0.4, 0.55, 0.7, 0.85].some((t) => {
    const point = { x: x + t * (cx - x), y: y + t * (cy - y), w: 0, h: 0 };
    return written.some((other) => meets(point, other, 1));
  });
}

function beside(x, y, w, distance, direction) {
  const [cx, cy] = [x + Math.cos(direction) * (distance + w / 2), y + Math.sin(direction) * distance];
  return { x: cx - w / 2, y: cy - LINE / 2, w, h: LINE };
}

function pixels({ on, box }, at) {
  const [x, y] = on.point(...at);
  return [box.left + x, box.top + y];
}

/** From the nearest point of the text's edge to the place. */
function leader(look, label, at) {
  const [x, y] = pixels(look, at);
  const from = [Math.max(label.x, Math.min(label.x + label.w, x)), y < label.y ? label.y : label.y + label.h];
  if (y > label.y && y < label.y + label.h) [from[0], from[1]] = [x < label.x ? label.x - 2 : label.x + label.w + 2, label.y + label.h / 2];
  return { d: `M${from[0].toFixed(1)},${from[1].toFixed(1)}L${x.toFixed(1)},${y.toFixed(1)}m-1.5,0a1.5,1.5 0 1,0 3,0a1.5,1.5 0 1,0 -3,0`, look: "leader" };
}
