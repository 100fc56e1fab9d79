/** What the rows of the balance and their blocks are. */

import { LINE, shortened } from "./layers.js";
import { grouped, number, say } from "./texts.js";

const FULL = ["the target's pull: {pull}", "pushes on all {others#} others: {pull}"];
const ROWS = { masses: FULL, shares: [...FULL, "this draw's pushes on {touched_others#}: {pull_draw}"] };

const NAMED = 10; // px of a block that has its class under it
const BESIDE = 100; // px left of the box: room for the names of rows

/** The names of the rows, beside them or over them. */
export function rows(look) {
  const { on, box, size, words, spec } = look;
  const labels = ROWS[spec.along].map((template, row) => {
    const full = say(template, words);
    const beside = box.left > BESIDE;
    const text = shortened(full, beside ? box.left - 6 : size.width - box.left, look.width);
    const w = look.width(text);
    const x = beside ? box.left - 6 - w : box.left;
    const y = beside ? box.top + on.along.at(row) - LINE / 2 : box.top + on.along.at(row - 0.18) - LINE - 1;
    return { kind: "row", text, title: text === full ? undefined : full, x, y, w, h: LINE };
  });
  return { labels, shapes: [] };
}

/** What each block is, under it, with a value where there is one. */
export function blocks(look) {
  const { s, frame } = look;
  const { mass_from: from, mass_to: to } = frame.view.ranked ?? { mass_from: [], mass_to: [] };
  const groups = from.map((first, i) => ({
    text: rankText(first, to[i], i === from.length - 1),
    title: number(s.share[i + 1]),
    at: s.share_base[i + 1],
    size: s.share[i + 1],
    row: 1,
  }));
  const drawn = s.drawn.map((size, i) => ({ text: s.drawn_names[i], at: s.drawn_base[i], size, row: 2 }));
  const rest = s.rest.map((size, i) => ({ text: "others", at: s.rest_base[i], size, row: 2 }));
  return { labels: [...inRow(look, groups, true), ...inRow(look, [...drawn, ...rest], false)], shapes: [] };
}

function rankText(first, last, rest) {
  if (first === 1) return `top ${grouped(last)}`;
  return rest ? `the rest` : `${grouped(first)}–${grouped(last)}`;
}

/** Which class each push is of, where there is room, and what is left. */
export function pushes(look) {
  const { s, words, on } = look;
  const wide = (size) => on.value.at(size) - on.value.at(0) >= NAMED;
  const named = s.push_mass.map((size, i) => ({ text: s.push_names[i], at: s.push_base[i], size, row: 1 }));
  const found = named.filter(({ size }) => wide(size));
  const others = say("{hidden#} others", words);
  const rest = s.pushed_rest.map((size, i) => ({ text: others, at: s.pushed_rest_base[i], size, row: 1 }));
  return { labels: inRow(look, [...found, ...rest], false), shapes: [] };
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
    return {
      kind: "block",
      text,
      title: title ?? (text === full ? undefined : full),
      x: box.left + middle - w / 2,
      y: box.top + y + 1,
      w,
      h: LINE,
    };
  });
  for (const label of made) {
    const x = Math.max(box.left, label.x, all ? last : -Infinity);
    label.x = Math.min(x, size.width - label.w);
    if (label.x < last) label.text = "";
    else last = label.x + label.w + 8;
  }
  return made.filter((label) => label.text);
}
