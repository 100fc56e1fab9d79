/** What a line chart reads under the pointer: each line that is named at its end, where it was computed next to there. */

import { FLOOR } from "../panels/compared.js";
import { numbers } from "../panels/series.js";
import { brief, plain } from "../panels/texts.js";

const NEAR = 1.6; // a line reads nothing where its next place is further off by this factor

/** The lines of a panel at some px of its node, as a text; null beside the box. @param {any} panel @param {number} x */
export function probed({ spec, frame, box, on }, x) {
  const px = x - box.left;
  if (!frame || px < 0 || px > box.width) return null;
  const lines = linesOf(spec, frame.series, numbers(frame.view, frame.settings, frame.names));
  const read = lines.flatMap((line) => pointAt(line, on.along.back(px)));
  if (!read.length) return null;
  return `At ${brief(read[0].place)}: ${read.map(({ name, value }) => `${name} ${spelled(value)}`).join(", ")}.`;
}

const spelled = (value) => (value === FLOOR ? `${brief(value)} or less` : brief(value));

/**
 * Each line of a panel that is named at its end, with the points that were computed.
 * @param {any} spec of the panel @param {Record<string, any[]>} s series @param {Record<string, any>} words numbers that names are made of
 */
export const linesOf = ({ ends, traces }, s, words) =>
  ends.map(({ text, series }) => {
    const fill = traces.map(({ meta }) => meta.fill).find(({ value }) => value === series);
    const points = (s[fill?.along] ?? []).map((place, i) => ({ place, value: s[series][i] }));
    return { name: plain([text], words), points: points.filter(({ value }) => value > 0) };
  });

/** Where one line is next to a place, if that is near. */
function pointAt({ name, points }, place) {
  const off = (one) => Math.abs(Math.log(one.place / place));
  const next = points.reduce((a, b) => (a && off(a) <= off(b) ? a : b), null);
  return next && off(next) <= Math.log(NEAR) ? [{ name, ...next }] : [];
}
