/** The problems as the page holds them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { listed } from "../../assets/kernel/problem.js";
import { Problems, written } from "../../assets/stage/problems.js";

test("a table is written as the server reads it: names in quotes, every score to its last bit", () => {
  const names = ['say "a", b', "<b>\n;", "  1"];
  const scores = [0.1 + 0.2, -1e-300, -0];
  assert.equal(
    written(listed("own", { names, scores, counts: null })),
    'class,score\n"say ""a"", b",0.30000000000000004\n"<b>\n;",-1e-300\n"  1",-0',
  );
  assert.equal(
    written(listed("own", { names: ["a", "b"], scores: [1, 2], counts: [5, 1e21] })),
    'class,score,count\n"a",1,5\n"b",2,1e+21',
  );
});

test("what has come is there for the next stage of the page, which may have to send it back", async () => {
  const held = new Map();
  const arrival = Promise.withResolvers();
  const table = { names: ["a", "b"], scores: [1, 2], counts: null };
  const arrived = () => arrival.resolve(undefined);
  new Problems(9, async () => table, arrived, held).base({ problem: "own" }, { own: "table" });
  await arrival.promise;
  const next = new Problems(9, () => Promise.reject(new Error("lost")), arrived, held);
  assert.equal(next.kept("table"), 'class,score\n"a",1\n"b",2');
  assert.equal(next.kept("another"), null);
});

test("a table with more classes than the page computes is left to torch", async () => {
  const listing = (n) => ({
    names: Array.from({ length: n }, (_, c) => `${c}`),
    scores: Array(n).fill(0),
    counts: null,
  });
  const sizes = { few: 3, many: 4 };
  const found = async (name) => {
    const s = { problem: "own", edits: [[0, 1]] };
    const urls = { own: name };
    const arrival = Promise.withResolvers();
    const problems = new Problems(
      3,
      async (url) => listing(sizes[url]),
      () => arrival.resolve(undefined),
    );
    assert.equal(problems.problem(s, urls), null, "not here yet");
    await arrival.promise;
    return problems.problem(s, urls)?.scores.length;
  };
  assert.equal(await found("few"), 3);
  assert.equal(await found("many"), undefined);
});
