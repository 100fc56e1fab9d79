/** A tensor of the five steps as rows of cells: what stands in each, how deep its ink is, and what it reads; no DOM. */

import { grouped, number, say } from "./texts.js";

/**
 * @typedef {{value: string, name: string, shape: any, rows: string, columns: string, ink: string, missing: string}} Matrix
 *   as ssm.explorer.figures.records.Matrix
 * @typedef {{text: string, title: string, role: string}} Head of a row or a column
 * @typedef {{text: string, share: number, state: "number"|"hit"|"none"|"nan", ink: string, reading: string}} Cell
 */

const EMPTY = { hit: "hit", none: "", nan: "nan" };
const SAID = {
  hit: (row, column) => `${row}, ${column}: a hit, thrown away`,
  none: (row) => `${row}: no gradient`,
  nan: (row, column) => `${row}, ${column}: nan, not a number`,
};

const NUMBERED = /^class (?=\d+$)/; // a name that is a number after all, which a narrow column has room for
const classed = (name) => (NUMBERED.test(name) ? name : `class ${name}`);

/** @param {Matrix} matrix @param {any} view @param {(c: number) => string} names */
export function grid(matrix, view, names) {
  const { steps } = view;
  const columns = columnsOf(matrix, steps, names);
  const rows = rowsOf(matrix, steps, names);
  const values = steps[matrix.value];
  const most = Math.max(...values.flat().map((value) => Math.abs(value ?? 0)), Number.MIN_VALUE);
  const cells = values.map((line, i) =>
    line.map((value, j) => cell(matrix, { value, most, hit: isHit(matrix, steps, i, j) }, rows[i], columns[j])),
  );
  return { columns, rows, cells, more: moreOf(matrix, view) };
}

/** @returns {Cell} */
function cell({ columns, ink, missing }, { value, most, hit }, row, column) {
  const state = hit ? "hit" : value === null ? missing : "number";
  const own = columns === "candidates" && column.role === "target" && ink !== "gradient" ? "target" : ink;
  if (state !== "number") {
    return { text: EMPTY[state], share: 0, state, ink: own, reading: SAID[state](row.title, column.title) };
  }
  const text = number(value);
  return { text, share: Math.abs(value) / most, state, ink: own, reading: `${row.title}, ${column.title}: ${text}` };
}

/** A hit is a sample that is its example's own target; the first candidate is that target itself. */
function isHit({ columns, value }, { hit }, i, j) {
  if (value === "score_gradient") return j > 0 && hit[i][j - 1];
  if (value === "sample_score") return false; // thrown away only in the next step
  return columns === "samples" ? hit[i][j] : columns === "candidates" && j > 0 && hit[i][j - 1];
}

/** @returns {Head[]} */
function rowsOf({ rows }, { label, row, row_touched }, names) {
  if (rows === "examples") {
    return label.map((c, i) => ({
      text: `${i + 1} ${names(c)}`,
      title: `example ${i + 1}, target ${names(c)}`,
      role: "target",
    }));
  }
  const PART = { target: "a target", noise: "a sample", muted: "not in this step" };
  const roleOf = (c, i) => (!row_touched[i] ? "muted" : label.includes(c) ? "target" : "noise");
  return row.map((c, i) => ({
    text: names(c),
    title: `${classed(names(c))}, ${PART[roleOf(c, i)]}`,
    role: roleOf(c, i),
  }));
}

/** @returns {Head[]} */
function columnsOf({ columns, value, name }, steps, names) {
  const drawn = steps.sample.map((c, j) => ({
    text: names(c).replace(NUMBERED, ""),
    title: `sample ${j + 1}, ${names(c)}`,
    role: "noise",
  }));
  const own = { text: "target", title: "its target", role: "target" };
  switch (columns) {
    case "samples":
      return drawn;
    case "candidates":
      return [own, ...drawn];
    case "single":
      return [{ ...own, text: name, title: name, role: "muted" }];
    default:
      return steps[value][0].map((_, j) => ({ text: String(j + 1), title: `number ${j + 1}`, role: "muted" }));
  }
}

/** How much is not shown. */
function moreOf({ rows, columns }, { steps, classes, settings }) {
  const hidden = rows === "classes" ? classes.n - steps.rows_shown : 0;
  const samples = ["samples", "candidates"].includes(columns) ? (settings?.samples ?? 0) - steps.samples_shown : 0;
  const said = [];
  if (hidden > 0) said.push(`${grouped(hidden)} more rows`);
  if (samples > 0) said.push(`${grouped(samples)} more samples`);
  return said.length ? `… ${said.join(", ")}` : "";
}

/** What a matrix is, as its heading says it. @param {Matrix} matrix @param {Record<string, any>} numbers */
export const heading = ({ name, shape }, numbers) => [name, say(shape[0].say, numbers)];

/** Where an arrow key leads in a grid of cells; null for another key. @returns {[number, number]|null} */
export function moved(key, [i, j], [rows, columns]) {
  const within = (at, end) => Math.min(Math.max(at, 0), end - 1);
  const to = { ArrowUp: [i - 1, j], ArrowDown: [i + 1, j], ArrowLeft: [i, j - 1], ArrowRight: [i, j + 1] };
  const far = { Home: [i, 0], End: [i, columns - 1] };
  const found = to[key] ?? far[key];
  return found ? [within(found[0], rows), within(found[1], columns)] : null;
}
