/** What the page draws at the marks of a panel by itself: counts, strokes, arrows, factors and the names of lines. */

import { blocks, pushes, rows } from "./blocks.js";
import { LINE, shortened } from "./layers.js";
import { meets, rectangle, spread } from "./plane.js";
import { brief, grouped, number, plain } from "./texts.js";

/** @typedef {import("./ticks.js").Look} Look */

const NEAR = 4; // px between a mark and its label
const COUNT_LINE = 11; // px, the height of a count: many must stand over each other
const FEW_FACTORS = 20; // slots up to which a factor may be written in full

// ---------------------------------------------------------------- at the bars

/** A label at the end of a bar: over it or, turned, to the right of it; `away` for bars that go down. */
function atEnd({ on, box, width }, slot, value, text, away = false) {
  const [x, y] = on.point(slot, value);
  const w = width(text);
  if (on.turned) return { x: box.left + (away ? x - NEAR - w : x + NEAR), y: box.top + y - LINE / 2, w, h: LINE };
  return { x: box.left + x - w / 2, y: box.top + (away ? y + 1 : y - LINE), w, h: LINE };
}

/** How often each class was drawn; where these would overlap they climb, on a stem. */
function counts(look, values) {
  const { s } = look;
  const labels = [];
  const shapes = [];
  const at = (slot, text) => {
    const place = atEnd(look, slot, values[slot], text);
    return { ...place, y: place.y + (place.h - COUNT_LINE) / (look.on.turned ? 2 : 1), h: COUNT_LINE };
  };
  s.count_text.forEach((text, slot) => {
    if (!text) return;
    const role = s.target[slot] ? "target" : "noise";
    const low = at(slot, text);
    const label = climb(look, { kind: "count", text, role, data: { class: s.class[slot] }, ...low }, labels);
    labels.push(label);
    if (label.y < low.y) shapes.push({ d: stem(look, slot, label, low), look: "stem" });
  });
  return { labels, shapes };
}

/** Upwards until nothing is in the way; at the top, to the right. */
function climb({ on, size, taken }, label, placed) {
  const free = { ...label, x: Math.max(0, Math.min(size.width - label.w, label.x)) };
  const others = [...placed, ...taken];
  const blocked = () => others.some((other) => meets(free, other));
  while (!on.turned && free.y > COUNT_LINE && blocked()) free.y -= COUNT_LINE;
  while (!on.turned && free.x + free.w < size.width && blocked()) free.x += 2;
  return free;
}

function stem({ on, box }, slot, label, low) {
  const x = (box.left + on.along.at(slot)).toFixed(1);
  return `M${x},${(label.y + COUNT_LINE).toFixed(1)}V${(low.y + COUNT_LINE).toFixed(1)}`;
}

/** What the correction multiplies by, beyond bar and arrow; in full where there is room. */
function factors(look, places) {
  const { s } = look;
  const bars = look.obstacles();
  const placed = [];
  s.correction.forEach((correction, slot) => {
    if (correction === null || places[slot] === null) return;
    const text = `×${brief(Math.exp(correction))}`;
    const at = atEnd(look, slot, places[slot], text, places[slot] < 0);
    const label = { kind: "factor", text, role: "correction", data: { class: s.class[slot] }, ...at };
    if (fits(look, label, placed, bars)) placed.push({ ...label, correction });
  });
  const labels = placed.map((label) => (s.slot.length <= FEW_FACTORS ? inFull : inShort)(look, label, placed, bars));
  return { labels, shapes: [] };
}

const inShort = (_look, { correction, ...label }) => label;

function fits({ size, taken }, label, placed, bars) {
  const within = label.x >= 0 && label.x + label.w <= size.width;
  return (
    within && ![...placed, ...taken].some((other) => meets(label, other, 2)) && !bars.some((bar) => meets(label, bar))
  );
}

const SUP = 0.75; // size of an exponent

function inFull(look, label, placed, bars) {
  const { correction, ...short } = label;
  const power = number(correction);
  const text = `${label.text} = e`;
  const w = look.width(text) + look.width(power) * SUP;
  const x = look.on.turned ? label.x : label.x + label.w / 2 - w / 2;
  const full = { ...short, x, w, text, sup: power };
  return fits(
    look,
    full,
    placed.filter((other) => other !== label),
    bars,
  )
    ? full
    : short;
}

const SHAFT = 5; // px, an arrow's shaft; its head is twice as wide
const HEAD = 7; // px

/** The correction of each sampled class: an arrow from the model's score to the corrected one. */
function arrows({ s, on, box }, tips) {
  const thin = Math.min(1, Math.abs(on.along.at(1) - on.along.at(0)) / 14);
  const shapes = s.slot.flatMap((slot) => {
    if (tips[slot] === null) return [];
    const [x0, y0] = on.point(slot, s.score[slot]);
    const [x1, y1] = on.point(slot, tips[slot]);
    const d = arrow([box.left + x0, box.top + y0], [box.left + x1, box.top + y1], thin);
    return [
      { d, look: "halo" },
      { d, look: "arrow" },
    ];
  });
  return { labels: [], shapes };
}

/** An arrow as an outline; a short one is a head alone. */
function arrow([x0, y0], [x1, y1], thin) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (length < 0.5) return "M0,0Z";
  const [ux, uy] = [(x1 - x0) / length, (y1 - y0) / length];
  const head = Math.min(HEAD, length) * Math.max(0.6, thin);
  const half = (SHAFT / 2) * thin;
  const at = (along, aside) =>
    `${(x0 + ux * along - uy * aside).toFixed(1)},${(y0 + uy * along + ux * aside).toFixed(1)}`;
  const neck = Math.max(0, length - head);
  return `M${at(0, half)}L${at(neck, half)}L${at(neck, 2 * half + 0.5)}L${at(length, 0)}L${at(neck, -2 * half - 0.5)}L${at(neck, -half)}L${at(0, -half)}Z`;
}

/** Strokes through the bar of what was drawn and thrown away. */
function strikes({ on, box }, values) {
  const shapes = values.flatMap((value, slot) => {
    if (value === null) return [];
    const { x, y, w, h } = rectangle(on, [slot - 0.4, slot + 0.4], [0, value]);
    return [{ d: hatching(box.left + x, box.top + y, w, h), look: "strike" }];
  });
  return { labels: [], shapes };
}

const BETWEEN = 12; // px between strokes

/** Strokes at 45 degrees across a rectangle; at least one. */
function hatching(x, y, w, h) {
  const side = Math.min(w, h);
  const count = Math.max(1, Math.floor((Math.max(w, h) - side) / BETWEEN) + 1);
  const strokes = Array.from({ length: count }, (_, i) => {
    const [dx, dy] = w > h ? [i * BETWEEN, 0] : [0, i * BETWEEN];
    return `M${(x + dx).toFixed(1)},${(y + dy + side).toFixed(1)}l${side.toFixed(1)},${(-side).toFixed(1)}`;
  });
  return strokes.join("");
}

// ---------------------------------------------------------------- at the ends of lines

/** Direct labels at the last value of a line, apart from one another and inside the box. */
export function ends(look) {
  const { spec, s, on, box, size } = look;
  const found = spec.ends.flatMap(({ text, series, role }) => {
    const last = s[series].findLast((value) => value !== null && Number.isFinite(value));
    return last === undefined ? [] : [{ full: plain([text], look.words), role, y: on.value.at(last) }];
  });
  const room = size.width - box.left - box.width - 8;
  const placed = spread(
    found.map(({ y }) => y - LINE / 2),
    LINE,
    0,
    box.height - LINE,
  );
  return found.map(({ full, role }, i) => {
    const text = shortened(full, room, look.width);
    const title = text === full ? undefined : full;
    return {
      kind: "end",
      text,
      title,
      role,
      x: box.left + box.width + 6,
      y: box.top + placed[i],
      w: look.width(text),
      h: LINE,
    };
  });
}

/** Which place along each dot of a series means, where there is room, and a stem to the axis. */
function readings(look, levels, series) {
  const { s, on, box, width, taken } = look;
  const along = s[`${series}_at`];
  const labels = [];
  const shapes = along.map((k, i) => {
    const [x, y] = on.point(k, levels[i]);
    const [left, top, text] = [box.left + x, box.top + y, grouped(k)];
    const w = width(text, true);
    const places = [NEAR, -NEAR - w].flatMap((aside) =>
      [1, 2, 3].map((up) => ({ x: left + aside, y: top - up * LINE })),
    );
    const free = places.find(
      (at) => at.y >= 0 && ![...labels, ...taken].some((one) => meets({ ...at, w, h: LINE }, one)),
    );
    if (free && along.indexOf(k) === i) labels.push({ kind: "reading", text, ...free, w, h: LINE });
    return { d: `M${left.toFixed(1)},${top.toFixed(1)}V${box.top + box.height}`, look: "leader" };
  });
  return { labels, shapes };
}

/** What a record can ask for, by name: each gives labels and shapes. */
export const LETTERING = { counts, strikes, arrows, factors, rows, blocks, pushes, readings };
