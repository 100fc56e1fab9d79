/** The chips of a draw say how often each class was drawn in all, not among the first samples alone. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { tally } from "../../assets/controls/tally.js";

const draw = (more) => ({ sample_class: [4, 4, 7], sample_hit: [false, false, true], ...more });
const told = (view) => tally(view).map(({ c, count, hit }) => [c, count, hit]);

test("a class with a bar says its count in the whole draw", () => {
  const view = { classes: { index: [4, 7] }, draw: draw({ samples: 20, count: [9, 6] }) };
  assert.deepEqual(told(view), [
    [4, 9, false],
    [7, 6, true],
  ]);
});

test("a class without a bar is counted where all samples are listed, and says nothing where they are not", () => {
  const classes = { index: [1] };
  assert.deepEqual(told({ classes, draw: draw({ samples: 3, count: [0] }) }), [
    [4, 2, false],
    [7, 1, true],
  ]);
  assert.deepEqual(told({ classes, draw: draw({ samples: 50, count: [0] }) }), [
    [4, 1, false],
    [7, 1, true],
  ]);
});
