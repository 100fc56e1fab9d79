/** The names of the classes beside or under their marks. */

import { FONT_SIZE, LINE, shortened } from "./layers.js";
import { grouped } from "./texts.js";

const NEAR = 6; // px between a name and the box
const ANGLES = [
  { angle: 45, apart: 15 }, // px between slots from which names can lean so
  { angle: 60, apart: 13.5 },
  { angle: 90, apart: 0 },
];
const UPRIGHT_APART = FONT_SIZE - 1; // px between upright names

/** @typedef {import("./layers.js").Label} Label */

/** The slots that are named: the target's, the lit one's, then from the left what has room. */
function named(s, lit, apart) {
  const first = [s.target.indexOf(true), s.class.indexOf(lit)].filter(
    (slot, i, list) => slot >= 0 && list.indexOf(slot) === i,
  );
  const kept = first.slice();
  for (const slot of s.slot) if (kept.every((other) => Math.abs(other - slot) >= apart)) kept.push(slot);
  return kept;
}

const dress = (s, slot, full, text) => ({
  kind: "class",
  text,
  title: text === full ? undefined : full,
  role: s.target[slot] ? "target" : undefined,
  data: s.target[slot] ? { class: s.class[slot], target: "true" } : { class: s.class[slot] },
});

/** @returns {Label[]} the names of a panel, and of how many classes there are none */
export function names(look) {
  const { s, on } = look;
  const found = on.turned ? beside(look) : under(look);
  if (!s.hidden) return found;
  const place = on.turned ? besideAt : underAt;
  const full = `… ${grouped(s.hidden)} more`;
  const { angle } = lean(look);
  const slot = s.slot.length + 0.3;
  const room = on.turned ? look.box.left - NEAR : roomUnder(look, slot, angle);
  const brief = `… ${grouped(s.hidden)}`;
  const text = look.width(full) <= room ? full : shortened(brief, room, look.width);
  const at = place(look, { slot, text, bold: false, angle });
  return [...found, { ...at, kind: "gap", text, title: text === full ? undefined : full }];
}

function beside(look) {
  const { s, on, frame } = look;
  const apart = Math.ceil((FONT_SIZE + 1) / step(on));
  return named(s, frame.lit, apart).map((slot) => {
    const full = s.names[slot];
    const bold = s.target[slot];
    const text = shortened(full, look.box.left - NEAR - 2, (part) => look.width(part, bold));
    return { ...dress(s, slot, full, text), ...besideAt(look, { slot, text, bold }) };
  });
}

function besideAt({ on, box, width }, { slot, text, bold }) {
  const w = width(text, bold);
  return { x: box.left - NEAR - w, y: box.top + on.along.at(slot) - LINE / 2, w, h: LINE };
}

/** Pixels from slot to slot. */
export const step = (on) => on.along.pixels / (on.along.high - on.along.low);

/** How far names lean, and how many slots apart they must be. */
function lean({ s, on, width }) {
  const apart = step(on);
  const widest = Math.max(...s.names.map((name) => width(name, true)));
  if (widest + NEAR <= apart) return { angle: 0, every: 1 };
  const { angle } = ANGLES.find((one) => apart >= one.apart);
  return { angle, every: angle < 90 ? 1 : Math.ceil(UPRIGHT_APART / apart) };
}

function under(look) {
  const { s, frame } = look;
  const { angle, every } = lean(look);
  return named(s, frame.lit, every).map((slot) => {
    const full = s.names[slot];
    const bold = s.target[slot];
    const text = shortened(full, roomUnder(look, slot, angle), (part) => look.width(part, bold));
    return { ...dress(s, slot, full, text), ...underAt(look, { slot, text, bold, angle }) };
  });
}

/** How long a name may be: to the bottom of the panel and to its left edge. */
function roomUnder({ on, box, size }, slot, angle) {
  if (!angle) return Infinity;
  const turn = (angle * Math.PI) / 180;
  const down = (size.height - box.top - box.height - NEAR - 4) / Math.sin(turn);
  const left = (box.left + on.along.at(slot) + 6) / Math.cos(turn);
  return Math.min(down, left);
}

/** A name whose end stands under its slot. */
function underAt({ on, box, width }, { slot, text, bold, angle }) {
  const w = width(text, bold);
  const x = box.left + on.along.at(slot);
  const y = box.top + box.height + NEAR;
  if (!angle) return { x: x - w / 2, y, w, h: LINE };
  const turn = (angle * Math.PI) / 180;
  const across = w * Math.cos(turn) + (LINE / 2) * Math.sin(turn);
  const up = -w * Math.sin(turn) + (LINE / 2) * Math.cos(turn);
  return { x: x - across, y: y - up, w, h: LINE, angle: -angle };
}
