/** The numbers behind the panels, to take home: every series and every single number, with units and settings; no DOM. */

import { numbers, series } from "../panels/series.js";

export const FORMAT = "sampled-softmax-explorer";
export const VERSION = 1;
const MOST = 32e6; // characters of a file that is read back

/**
 * @typedef {{name: string, unit: string, along: string, traces: any[]}} Spec of a panel
 * @typedef {{kind: string, query: string}|null} Origin the settings that a job had, which may not be those of now
 * @typedef {{panels: {spec: Spec, title: string}[], view: any, settings: any, names: (c: number) => string, link: string, job?: Origin}} Shown
 */

/** All that is shown, as JSON can hold it. @param {Shown} shown */
export function collected({ panels, view, settings, names, link, job = null }) {
  const found = series(view, names, settings);
  const known = Object.entries(numbers(view, settings, names)).filter(([, value]) => Number.isFinite(value));
  return {
    format: FORMAT,
    version: VERSION,
    link,
    settings,
    ...(job && { job }),
    target: names(view.classes.target),
    numbers: Object.fromEntries(known),
    panels: panels.map(({ spec, title }) => ({
      panel: spec.name,
      title,
      unit: spec.unit,
      along: spec.along,
      series: spec.traces.map((trace) => one(trace, spec.along, found)),
    })),
  };
}

/** One series: where its points stand, what they are called, and how high they are. */
function one({ name, meta: { fill } }, along, found) {
  const at = found[fill.along] ?? [];
  const classes = along === "classes";
  return {
    series: name,
    x: classes ? at.map((slot) => (slot === null ? null : (found.class[Math.round(slot)] ?? null))) : at,
    ...(classes && { names: at.map((slot) => (slot === null ? null : (found.names[Math.round(slot)] ?? null))) }),
    ...(fill.base && { base: found[fill.base] ?? [] }),
    y: found[fill.value] ?? [],
  };
}

const COLUMNS = ["panel", "series", "x", "name", "value", "unit"];

/** A cell of a table: quoted where it must be, and no formula to a program that would compute one. */
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The same as one tidy table (RFC 4180). @param {ReturnType<typeof collected>} all */
export function table(all) {
  const settings = Object.entries(all.settings).map(([name, value]) => {
    const said = typeof value === "object" && value !== null ? JSON.stringify(value) : value;
    return ["settings", name, null, null, said, null];
  });
  const single = Object.entries(all.numbers).map(([name, value]) => ["numbers", name, null, null, value, null]);
  const points = all.panels.flatMap(({ panel, unit, series: each }) =>
    each.flatMap(({ series: name, x, names, y }) =>
      y.flatMap((value, i) =>
        value === null || value === undefined ? [] : [[panel, name, x[i], names?.[i] ?? null, value, unit]],
      ),
    ),
  );
  const job = all.job ? [["job", all.job.kind, null, null, all.job.query, null]] : [];
  const rows = [COLUMNS, ["link", null, null, null, all.link, null], ...job, ...settings, ...single, ...points];
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** The query of a file that was taken home. @param {string} text @returns {string} @throws {Error} with a sentence, for any other file */
export function readBack(text) {
  if (text.length > MOST) throw new Error("That file is too large to be one of these.");
  let found;
  try {
    found = JSON.parse(text);
  } catch {
    throw new Error("That file is no JSON. Choose one that was saved here as JSON.");
  }
  if (found?.format !== FORMAT) throw new Error("That JSON was not saved here. Choose one that was.");
  if (found.version !== VERSION)
    throw new Error(`That file has version ${JSON.stringify(found.version)}, and this page reads version ${VERSION}.`);
  const [, query] = /^[^?#]*\?([^#]*)$/.exec(String(found.link)) ?? [];
  if (!query) throw new Error("That file has lost its link, which holds the settings.");
  return query;
}
