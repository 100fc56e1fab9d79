/** A table that the server has lost, on its way back. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { GivingBack, PAUSE } from "../../assets/stage/giving_back.js";

/** What is sent within some pauses after the start. @param {(giving: GivingBack, ends: AbortController) => void} then */
function sent(pauses, then = () => {}) {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const all = [];
    const ends = new AbortController();
    const giving = new GivingBack((table) => all.push(table), ends.signal);
    giving.start("a,1");
    then(giving, ends);
    for (let tenths = 0; tenths < 10 * pauses; tenths++) mock.timers.tick(PAUSE / 10);
    return all;
  } finally {
    mock.timers.reset();
  }
}

test("it is sent again, each time after twice as long", () => {
  assert.equal(sent(0.9).length, 1);
  assert.equal(sent(1).length, 2);
  assert.equal(sent(2.9).length, 2);
  assert.equal(sent(3).length, 3);
  assert.equal(sent(7).length, 4);
  assert.deepEqual(new Set(sent(7)), new Set(["a,1"]));
});

test("it is not sent again once an answer has come, or the stage is gone", () => {
  assert.equal(sent(9, (giving) => giving.stop()).length, 1);
  assert.equal(sent(9, (_, ends) => ends.abort()).length, 1);
  const late = (giving, ends) => {
    ends.abort();
    giving.start("b,2");
  };
  assert.deepEqual(sent(9, late), ["a,1"]);
});

test("another takes the place of the first", () => {
  assert.deepEqual(
    sent(1, (giving) => giving.start("b,2")),
    ["a,1", "b,2", "b,2"],
  );
});
