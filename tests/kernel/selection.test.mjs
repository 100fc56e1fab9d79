import assert from "node:assert/strict";
import { test } from "node:test";
import { checkpoints } from "../../assets/kernel/draws.js";
import {
  held,
  leading,
  masses,
  omitting,
  patched,
  rankOf,
  ranks,
  shown,
  sorted,
} from "../../assets/kernel/selection.js";
import { CONSTANTS, randomProblem } from "./cases.mjs";

const { scores } = randomProblem(200);
const order = sorted(scores);

test("an order falls, and equal scores stand by index", () => {
  assert.deepEqual([...sorted(Float64Array.of(1, 3, 1, 3, 2))], [1, 3, 4, 0, 2]);
});

test("a patched order is that of a new sort", () => {
  for (const changed of [[0], [199, 5], [...order.subarray(0, 3)], [...order.subarray(190)]]) {
    const values = scores.slice();
    for (const [i, c] of changed.entries()) values[c] = i % 2 ? -20 : scores[order[50]]; // a tie among them
    assert.deepEqual(patched(order, values, changed), sorted(values));
  }
});

test("few classes are all shown, in their own order", () => {
  const few = Float64Array.of(1, 3, 2);
  assert.deepEqual(shown({ x: few, order: sorted(few), target: 2 }, [1], CONSTANTS), [0, 1, 2]);
});

test("of many, the target, seven largest, five samples by score, and the next largest fill up", () => {
  const target = order[100];
  const ranking = { x: scores, order, target };
  const samples = [order[150], order[0], order[120], target, order[130], order[150]];
  const slots = shown(ranking, samples, CONSTANTS);
  const best = order.subarray(0, 9);
  assert.deepEqual(slots, [target, ...best.subarray(0, 7), order[120], order[130], order[150], best[7], best[8]]);
});

test("more samples than slots: the largest scores among them", () => {
  const ranking = { x: scores, order, target: order[0] };
  const samples = [...order.subarray(20, 60)].reverse();
  assert.deepEqual(shown(ranking, samples, CONSTANTS).slice(8), [...order.subarray(20, 25)]);
  assert.equal(shown(ranking, [], CONSTANTS).length, CONSTANTS.SHOWN);
});

test("held slots hold where they fit the problem", () => {
  const keep = [3, 1, 2];
  assert.equal(held(keep, 200, 3, CONSTANTS), keep);
  assert.equal(held(keep, 200, 9, CONSTANTS), null); // another target
  assert.equal(held(keep, 3, 3, CONSTANTS), null); // few classes have all their bars
  assert.equal(held([3, 300], 200, 3, CONSTANTS), null);
  assert.equal(held(null, 200, 3, CONSTANTS), null);
});

test("the rank of a class leaves the target out", () => {
  for (const target of [order[0], order[7], order[199]]) {
    const others = [...order].filter((c) => c !== target);
    for (const [i, c] of others.entries()) assert.equal(rankOf({ x: scores, order, target }, c), i + 1);
    assert.deepEqual([...omitting(order, target)], others);
    assert.deepEqual(leading(omitting(order, target), 4, target), others.slice(0, 4));
  }
});

test("ranks and checkpoints rise by a factor and end at the last", () => {
  assert.deepEqual(
    checkpoints(20, 1.08),
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  for (const [list, growth, last] of [
    [ranks(17_091, 1.04), 1.04, 17_091],
    [checkpoints(10_000, 1.08), 1.08, 10_000],
  ]) {
    assert.equal(list[0], 1);
    assert.equal(list.at(-1), last);
    const next = (m) => Math.max(m + 1, Math.floor(m * growth));
    for (const [i, m] of list.slice(1, -1).entries()) assert.equal(m, next(list[i]));
  }
  assert.deepEqual(checkpoints(1, 1.08), [1]);
});

test("masses by groups of ranks add up to all pushes; a group without ranks has none", () => {
  const p = Float64Array.from({ length: 60 }, (_, c) => 60 - c);
  const found = masses(omitting(sorted(p), 0), p, [10, 100, 1_000]);
  assert.deepEqual(found.mass_from, [1, 11, null, null]);
  assert.deepEqual(found.mass_to, [10, 59, null, null]);
  assert.deepEqual(found.mass, [545, 1225, 0, 0]); // 59 + .. + 50, and 49 + .. + 1
});
