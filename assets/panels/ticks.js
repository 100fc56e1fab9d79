/** Ticks, units, grid and zero line of a panel, and what else lies under its marks. */

import { linearTicks, logTicks } from "./axes.js";
import { LINE, shortened } from "./layers.js";
import { meets, rectangle } from "./plane.js";

/**
 * @typedef {import("./layers.js").Label} Label
 * @typedef {{spec: any, s: any, on: any, box: any, size: any, frame: any, words: any, taken: Label[],
 *   width: (text: string, bold?: boolean) => number, obstacles: () => any[]}} Look all that a panel's drawing depends on
 */

const NEAR = 4; // px between the box and a tick
const APART = { across: 44, up: 26, log: 22 }; // px between ticks, at least
const MOST_TICKS = 7;

/** Grid lines, the zero line and the light of the lit class, under the marks. */
export function ground(look) {
  const { on, box, s, frame } = look;
  const grid = valueTicks(look).map(([value]) => ({
    d: across(look, value),
    look: value === 0 && !on.value.log ? "zero" : "grid",
  }));
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
  return alongTicks(look).map(([place]) => ({
    d: `M${(box.left + on.along.at(place)).toFixed(1)},${box.top}v${box.height}`,
    look: "grid",
  }));
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
  const found = valueTicks(look).map(([value, text]) =>
    on.turned ? below(look, on.value.at(value), text) : beside(look, on.value.at(value), text),
  );
  if (on.along.log) found.push(...ticksAlong(look));
  return [...withRoom(found), ...units(look, spec)];
}

/** Where their texts would touch, those of the powers of ten alone. @param {Look} look */
function ticksAlong(look) {
  const all = alongTicks(look).map(([place, text]) => ({ place, label: below(look, look.on.along.at(place), text) }));
  const crowded = all.some(({ label }, i) => i > 0 && meets(label, all[i - 1].label, NEAR));
  const kept = crowded ? all.filter(({ place }) => Number.isInteger(Math.log10(place))) : all;
  return kept.map(({ label }) => label);
}

/** Ticks of few round values may be too near for their texts: those from the left that have room stay. @param {Label[]} labels */
function withRoom(labels) {
  /** @type {Label[]} */ const kept = [];
  for (const label of labels) if (!kept.some((other) => meets(label, other))) kept.push(label);
  return kept;
}

function beside({ box, width }, y, text) {
  const w = width(text);
  return { kind: "tick", text, x: Math.max(0, box.left - 6 - w), y: box.top + y - LINE / 2, w, h: LINE };
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
