/** What the page draws at the marks of a panel by itself: ticks, units, counts, arrows, factors, ends, blocks. */

import { linearTicks, logTicks } from "./axes.js";
import { LINE, shortened } from "./layers.js";
import { meets, rectangle, spread } from "./plane.js";
import { brief, grouped, number, say } from "./texts.js";

/**
 * @typedef {import("./layers.js").Label} Label
 * @typedef {{spec: object, s: object, on: object, box: object, size: object, frame: object,
 *   width: (text: string, bold?: boolean) => number, words: object}} Look all that a panel's drawing depends on
 */

const NEAR = 4; // px between a mark and its label
const FEW_FACTORS = 20; // slots up to which a factor may be written in full
const COUNT_LINE = 11; // px, the height of a count: many must stand over each other
const APART = { across: 44, up: 26, log: 22 }; // px between ticks, at least
const MOST_TICKS = 7;

// ---------------------------------------------------------------- ticks and grid

/** Grid lines, the zero line and the light of the lit class, under the marks. */
export function ground(look) {
  const { on, box, s, frame } = look;
  const grid = valueTicks(look).map(([value]) => ({ d: across(look, value), look: value === 0 && !on.value.log ? "zero" : "grid" }));
  const slot = look.spec.along === "classes" ? s.class.indexOf(frame.lit) : -1;
  const under = gridAlong(look);
  if (slot < 0) return [...under, ...grid, ...gapDots(look)];
  const lit = rectangle(on, [slot - 0.5, slot + 0.5], [on.value.low, on.value.high]);
  return [{ d: rectanglePath(lit, box), look: "light" }, ...under, ...grid, ...gapDots(look)];
}

const rectanglePath = ({ x, y, w, h }, box) => `M${x + box.left},${y + box.top}h${w}v${h}h${-w}Z`;

function across({ on, box }, value) {
  const at = on.value.at(value);
  if (on.turned) return `M${(box.left + at).toFixed(1)},${box.top}v${box.height}`;
  return `M${box.left},${(box.top + at).toFixed(1)}h${box.width}`;
}

function valueTicks({ on }) {
  const least = on.value.log ? APART.log : on.turned ? APART.across : APART.up;
  const apart = Math.max(least, on.value.pixels / MOST_TICKS);
  return (on.value.log ? logTicks : linearTicks)([on.value.low, on.value.high], on.value.pixels, apart);
}

const alongTicks = ({ on }) => logTicks([on.along.low, on.along.high], on.along.pixels, APART.across);

function gridAlong(look) {
  const { on, box } = look;
  if (!on.along.log) return [];
  return alongTicks(look).map(([place]) => ({ d: `M${(box.left + on.along.at(place)).toFixed(1)},${box.top}v${box.height}`, look: "grid" }));
}

/** Dots where the classes without a bar would stand. */
function gapDots({ s, spec, on, box }) {
  if (!s.hidden || spec.along !== "classes") return [];
  const d = [0, 0.35, 0.7].map((more) => {
    const [x, y] = on.point(s.slot.length + more - 0.1, 0);
    return `M${box.left + x - 1.5},${box.top + y}h3`;
  });
  return [{ d: d.join(""), look: "gap" }];
}

/** @param {Look} look @returns {Label[]} the ticks of both axes and their units */
export function ticks(look) {
  const { on, spec } = look;
  const found = valueTicks(look).map(([value, text]) => (on.turned ? below(look, on.value.at(value), text) : beside(look, on.value.at(value), text)));
  if (on.along.log) found.push(...alongTicks(look).map(([place, text]) => below(look, on.along.at(place), text)));
  return [...found, ...units(look, spec)];
}

function beside({ box, width }, y, text) {
  const w = width(text);
  return { kind: "tick", text, x: box.left - 6 - w, y: box.top + y - LINE / 2, w, h: LINE };
}

function below({ box, size, width }, x, text) {
  const w = width(text);
  const left = Math.max(0, Math.min(size.width - w, box.left + x - w / 2));
  return { kind: "tick", text, x: left, y: box.top + box.height + NEAR, w, h: LINE };
}

function units({ on, box, size, width }, spec) {
  const label = (full, x, y) => {
    const text = shortened(full, size.width, width);
    return { kind: "unit", text, title: text === full ? undefined : full, x, y, w: width(text), h: LINE };
  };
  const right = (text) => Math.max(0, Math.min(size.width, box.left + box.width) - width(text));
  const bottom = box.top + box.height + NEAR + LINE;
  if (on.turned) return [label(spec.unit, right(spec.unit), bottom)];
  const found = [label(spec.unit, 0, 0)];
  if (spec.along_unit) found.push(label(spec.along_unit, right(spec.along_unit), bottom));
  return found;
}

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

const inShort = (look, { correction, ...label }) => label;

function fits({ size, taken }, label, placed, bars) {
  const within = label.x >= 0 && label.x + label.w <= size.width;
  return within && ![...placed, ...taken].some((other) => meets(label, other, 2)) && !bars.some((bar) => meets(label, bar));
}

const SUP = 0.75; // size of an exponent

function inFull(look, label, placed, bars) {
  const { correction, ...short } = label;
  const power = number(correction);
  const text = `${label.text} = e`;
  const w = look.width(text) + look.width(power) * SUP;
  const x = look.on.turned ? label.x : label.x + label.w / 2 - w / 2;
  const full = { ...short, x, w, text, sup: power };
  return fits(look, full, placed.filter((other) => other !== label), bars) ? full : short;
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
    return [{ d, look: "halo" }, { d, look: "arrow" }];
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
  const at = (along, aside) => `${(x0 + ux * along - uy * aside).toFixed(1)},${(y0 + uy * along + ux * aside).toFixed(1)}`;
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
    return last === undefined ? [] : [{ full: say(text, look.words), role, y: on.value.at(last) }];
  });
  const room = size.width - box.left - box.width - 8;
  const placed = spread(found.map(({ y }) => y - LINE / 2), LINE, 0, box.height - LINE);
  return found.map(({ full, role }, i) => {
    const text = shortened(full, room, look.width);
    const title = text === full ? undefined : full;
    return { kind: "end", text, title, role, x: box.left + box.width + 6, y: box.top + placed[i], w: look.width(text), h: LINE };
  });
}

// ---------------------------------------------------------------- at the rows of the balance

const ROWS = [
  "the target's pull: {pull}",
  "pushes on all {others#} others: {pull}",
  "this draw's pushes on {touched_others#}: {pull_draw}",
];

function rows(look) {
  const { on, box, size, words } = look;
  const labels = ROWS.map((template, row) => {
    const full = say(template, words);
    const text = shortened(full, size.width - box.left, look.width);
    const title = text === full ? undefined : full;
    return { kind: "row", text, title, x: box.left, y: box.top + on.along.at(row - 0.18) - LINE - 1, w: look.width(text), h: LINE };
  });
  return { labels, shapes: [] };
}

/** What each block is, under it, with a value where there is one. */
function blocks(look) {
  const { s, frame } = look;
  const { mass_from: from, mass_to: to } = frame.view.ranked ?? { mass_from: [], mass_to: [] };
  const groups = from.map((first, i) => ({ text: rankText(first, to[i], i === from.length - 1), title: number(s.share[i + 1]), at: s.share_base[i + 1], size: s.share[i + 1], row: 1 }));
  const drawn = s.drawn.map((size, i) => ({ text: s.drawn_names[i], at: s.drawn_base[i], size, row: 2 }));
  const rest = s.rest.map((size, i) => ({ text: "others", at: s.rest_base[i], size, row: 2 }));
  return { labels: [...inRow(look, groups, true), ...inRow(look, [...drawn, ...rest], false)], shapes: [] };
}

function rankText(first, last, rest) {
  if (first === 1) return `top ${grouped(last)}`;
  return rest ? `the rest` : `${grouped(first)}–${grouped(last)}`;
}

/** Labels in a row under their blocks: all of them, pushed apart, or those that fit. */
function inRow(look, found, all) {
  const { on, box, size } = look;
  const shown = found.filter((block) => block.size > 0);
  let last = -Infinity;
  const made = shown.map(({ text: full, title, at, size: length, row }) => {
    const [middle, y] = on.point(row + 0.18, at + length / 2);
    const text = all ? full : shortened(full, 90, look.width);
    const w = look.width(text);
    return { kind: "block", text, title: title ?? (text === full ? undefined : full), x: box.left + middle - w / 2, y: box.top + y + 1, w, h: LINE };
  });
  for (const label of made) {
    const x = Math.max(box.left, label.x, all ? last : -Infinity);
    label.x = Math.min(x, size.width - label.w);
    if (label.x < last) label.text = "";
    else last = label.x + label.w + 8;
  }
  return made.filter((label) => label.text);
}

/** What a record can ask for, by name: each gives labels and shapes. */
export const LETTERING = { counts, strikes, arrows, factors, rows, blocks };
