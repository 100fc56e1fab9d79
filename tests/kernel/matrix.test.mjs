/** Tensors as cells: what stands in each and what it reads, where arrow keys lead, and what texts add to the steps. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { grid, heading, moved } from "../../assets/panels/matrix.js";
import { stepNumbers } from "../../assets/panels/step_series.js";

const NAMES = ["ant", "bee", "cow", "dog"];
const names = (c) => NAMES[c];
const steps = {
  label: [3, 1],
  sample: [1, 0],
  row: [0, 1, 2, 3],
  row_touched: [true, true, false, true],
  rows_shown: 4,
  samples_shown: 2,
  hit: [
    [false, false],
    [true, false],
  ],
  sample_score: [
    [1, -4],
    [2, 0],
  ],
  corrected_score: [
    [1.5, -2],
    [null, 0.001],
  ],
  candidate: [
    [0.5, 1.5, -2],
    [4, null, 0.001],
  ],
  score_gradient: [
    [-0.2, 0.1, 0.1],
    [-0.1, 0, 0.1],
  ],
  weight_gradient: [[1], [2], [null], [-4]],
  reversed_loss: [[1], [null]],
};
const view = { steps, classes: { n: 4 }, settings: { samples: 2 } };
const matrix = (value, more) => ({
  value,
  name: value,
  rows: "examples",
  columns: "samples",
  ink: "model",
  missing: "none",
  ...more,
});
const made = (value, more = {}) => grid(/** @type {any} */ (matrix(value, more)), view, names);
const states = ({ cells }) => cells.map((line) => line.map(({ state }) => state));

test("a cell is as deep as its part of the largest, and reads its example and its sample", () => {
  const { rows, columns, cells } = made("sample_score");
  assert.deepEqual(
    rows.map(({ text }) => text),
    ["1 dog", "2 bee"],
  );
  assert.deepEqual(
    columns.map(({ text, role }) => [text, role]),
    [
      ["bee", "noise"],
      ["ant", "noise"],
    ],
  );
  assert.deepEqual(
    cells.flat().map(({ share }) => share),
    [0.25, 1, 0.5, 0],
  );
  assert.equal(cells[0][1].reading, "example 1, target dog, sample 2, ant: −4.00");
});

test("a hit is seen once it is thrown away, in the step of the correction and after it", () => {
  assert.deepEqual(states(made("sample_score")).flat().includes("hit"), false);
  assert.deepEqual(states(made("corrected_score")), [
    ["number", "number"],
    ["hit", "number"],
  ]);
  const after = [
    ["number", "number", "number"],
    ["number", "hit", "number"],
  ];
  assert.deepEqual(states(made("candidate", { columns: "candidates" })), after);
  const gradient = made("score_gradient", { columns: "candidates", ink: "gradient" });
  assert.deepEqual(states(gradient), after);
  assert.equal(gradient.cells[1][1].reading, "example 2, target bee, sample 1, bee: a hit, thrown away");
});

test("the target's own score stands in its own ink, its gradient in that of gradients", () => {
  const inks = (value, ink) => made(value, { columns: "candidates", ink }).cells[0].map((cell) => cell.ink);
  assert.deepEqual(inks("candidate", "model"), ["target", "model", "model"]);
  assert.deepEqual(inks("score_gradient", "gradient"), ["gradient", "gradient", "gradient"]);
});

test("what has no number says why: a row that is not in this step, or nan", () => {
  const rows = made("weight_gradient", { rows: "classes", columns: "dims", missing: "none" });
  assert.deepEqual(states(rows), [["number"], ["number"], ["none"], ["number"]]);
  assert.deepEqual(
    rows.rows.map(({ role }) => role),
    ["noise", "target", "muted", "target"],
  );
  assert.equal(rows.cells[2][0].reading, "class cow, not in this step: no gradient");
  const nan = made("reversed_loss", { columns: "single", missing: "nan" });
  assert.deepEqual(nan.cells[1][0], { ...nan.cells[1][0], text: "nan", state: "nan", share: 0 });
});

test("a class without a name of its own is called by its number where columns are narrow", () => {
  const numbered = (c) => `class ${c}`;
  const spec = /** @type {any} */ (matrix("sample_score"));
  assert.deepEqual(
    grid(spec, view, numbered).columns.map(({ text, title }) => [text, title]),
    [
      ["1", "sample 1, class 1"],
      ["0", "sample 2, class 0"],
    ],
  );
  const rows = grid(
    /** @type {any} */ (matrix("weight_gradient", { rows: "classes", columns: "dims" })),
    view,
    numbered,
  );
  assert.equal(rows.rows[0].title, "class 0, a sample");
});

test("what is not shown is counted", () => {
  const many = { ...view, classes: { n: 1004 }, settings: { samples: 52 } };
  const more = (value, other) => grid(/** @type {any} */ (matrix(value, other)), many, names).more;
  assert.equal(more("sample_score"), "… 50 more samples");
  assert.equal(more("weight_gradient", { rows: "classes", columns: "dims" }), "… 1,000 more rows");
  assert.equal(made("sample_score").more, "");
});

test("a heading has the name and the whole shape", () => {
  const spec = /** @type {any} */ (matrix("h", { shape: [{ say: "[{batch#}, {dim#}]" }] }));
  assert.deepEqual(heading(spec, { batch: 4, dim: 3 }), ["h", "[4, 3]"]);
});

test("arrow keys stay within the grid, other keys lead nowhere", () => {
  assert.deepEqual(moved("ArrowRight", [0, 0], [2, 3]), [0, 1]);
  assert.deepEqual(moved("ArrowRight", [0, 2], [2, 3]), [0, 2]);
  assert.deepEqual(moved("ArrowUp", [0, 2], [2, 3]), [0, 2]);
  assert.deepEqual(moved("ArrowDown", [0, 2], [2, 3]), [1, 2]);
  assert.deepEqual(moved("Home", [1, 2], [2, 3]), [1, 0]);
  assert.deepEqual(moved("End", [1, 0], [2, 3]), [1, 2]);
  assert.equal(moved("Tab", [1, 0], [2, 3]), null);
});

test("texts know what follows from the steps, and nothing without them", () => {
  const group = { kept_correction: Math.log(3), sparse_bytes: 10, dense_bytes: 30, dense_many: 50, rows_touched: 3 };
  const found = stepNumbers({ ...group, target_score: [[7]] }, { batch: 2, samples: 5, n: 10 });
  assert.deepEqual(
    { ...found, kept_factor: Math.round(found.kept_factor) },
    {
      cells: 10,
      full_products: 20,
      candidates: 6,
      first_target: 7,
      kept_factor: 3,
      thrifty: 3,
      thrifty_many: 5,
      untouched: 7,
    },
  );
  assert.deepEqual(stepNumbers(null, {}), {});
});
