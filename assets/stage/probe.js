/** What a line chart reads under the pointer: each line that is named at its end, where it was computed next to there. */

import { FLOOR } from "../panels/compared.js";
import { numbers } from "../panels/series.js";
import { brief, plain } from "../panels/texts.js";

const NEAR = 1.6; // a line reads nothing where its next place is further off by this factor

/** The lines of a panel at some px of its node, as a text; null beside the box. @param {any} panel @param {number} x */
export function probed({ spec, frame, box, on }, x) {
  const px = x - box.left;
  if (!frame || px < 0 || px > box.width) return null;
  const words = numbers(frame.view, frame.settings, frame.names);
  const read = spec.ends.flatMap(({ text, series }) =>
    lineAt(spec, frame.series, series, on.along.back(px), plain([text], words)),
  );
  if (!read.length) return null;
  return `At ${brief(read[0].place)}: ${read.map(({ name, value }) => `${name} ${spelled(value)}`).join(", ")}.`;
}

const spelled = (value) => (value === FLOOR ? `${brief(value)} or less` : brief(value));

/** Where one line is next to a place, if that is near. */
function lineAt(spec, s, series, place, name) {
  const fill = spec.traces.map(({ meta }) => meta.fill).find(({ value }) => value === series);
  const known = (s[fill?.along] ?? []).flatMap((at, i) =>
    s[series][i] > 0 ? [{ name, place: at, value: s[series][i] }] : [],
  );
  const off = (one) => Math.abs(Math.log(one.place / place));
  const next = known.reduce((a, b) => (a && off(a) <= off(b) ? a : b), null);
  return next && off(next) <= Math.log(NEAR) ? [next] : [];
}
