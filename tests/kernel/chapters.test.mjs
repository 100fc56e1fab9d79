import assert from "node:assert/strict";
import { test } from "node:test";
import { isAt, moved, outcome, progress, remembered, turned, within } from "../../assets/stage/chapters.js";

const NOW = { chapter: 3, count: 8, free: true };

test("arrows turn the page while no control has the focus", () => {
  assert.equal(turned({ key: "ArrowRight" }, NOW), 4);
  assert.equal(turned({ key: "ArrowLeft" }, NOW), 2);
  assert.equal(turned({ key: "ArrowRight" }, { ...NOW, free: false }), null);
  assert.equal(turned({ key: "ArrowDown" }, NOW), null);
});

test("arrows with another key belong to the browser", () => {
  for (const held of ["altKey", "ctrlKey", "metaKey", "shiftKey"])
    assert.equal(turned({ key: "ArrowLeft", [held]: true }, NOW), null);
});

test("there is no page before the first nor after the last", () => {
  assert.equal(turned({ key: "ArrowLeft" }, { ...NOW, chapter: 1 }), null);
  assert.equal(turned({ key: "ArrowRight" }, { ...NOW, chapter: 8 }), null);
  assert.deepEqual([within(0, 8), within(5, 8), within(9, 8)], [1, 5, 8]);
});

test("what was read is remembered once, the last read last", () => {
  assert.deepEqual(progress(null, 8), { read: [], last: null });
  assert.deepEqual(progress("1,2,3", 8), { read: [1, 2, 3], last: 3 });
  assert.equal(remembered([1, 2, 3], 2), "1,3,2");
  assert.deepEqual(progress(remembered([1, 2, 3], 2), 8), { read: [1, 3, 2], last: 2 });
});

test("rubbish in the memory is forgotten", () => {
  assert.deepEqual(progress("0,9,x,1.5,2,2,", 8), { read: [2], last: 2 });
});

test("a state is what its link spells", () => {
  const fields = { samples: { default: 3 }, edits: { default: [] } };
  assert.ok(isAt({ samples: 3, edits: [] }, { samples: 3, edits: [] }, fields));
  assert.ok(isAt({ samples: 4, edits: [[7, 4]] }, { samples: 4, edits: [[7, 4.0]] }, fields));
  assert.ok(!isAt({ samples: 4, edits: [] }, { samples: 3, edits: [] }, fields));
  assert.ok(!isAt({ samples: 3, edits: [[7, 4]] }, { samples: 3, edits: [] }, fields));
});

test("a guess is held against the number, a pick against the right one", () => {
  const level = { kind: "level", number: "spike" };
  assert.deepEqual(outcome(level, -0.5, { spike: -0.25 }), { guess: -0.5, answer: -0.25, gap: 0.25 });
  assert.equal(outcome(level, 0.5, { spike: -0.25 }).gap, 0.75);
  assert.deepEqual(outcome({ kind: "options", right: 1 }, 1, {}), { right: 1 });
  assert.deepEqual(outcome({ kind: "options", right: 1 }, 0, {}), { right: 0 });
  assert.deepEqual(outcome(level, null, { spike: -0.25 }), {});
});

test("keys move a mark along the axis and not beyond", () => {
  assert.equal(moved("ArrowUp", 0.5), 0.51);
  assert.equal(moved("ArrowLeft", 0.5), 0.49);
  assert.equal(moved("PageDown", 0.05), 0);
  assert.equal(moved("PageUp", 0.95), 1);
  assert.deepEqual([moved("Home", 0.5), moved("End", 0.5)], [0, 1]);
  assert.equal(moved("Tab", 0.5), null);
});
