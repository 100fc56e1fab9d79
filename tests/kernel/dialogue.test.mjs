/** The dialogue with the server, with a clock, a transport and a picture made of lists. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Dialogue, PATIENCE, PROBE, REST } from "../../assets/stage/dialogue.js";

/** A page that remembers: what was sent, previewed, adopted, and what the status was. */
function page({ local = true, asked = 0 } = {}) {
  const timers = new Map();
  let now = 0,
    count = 0;
  const here = { sent: [], previews: 0, adopted: [], refused: [], said: [], query: "v=1", alive: true, busy: false };
  const doors = {
    after: (ms, act) => timers.set(++count, { at: now + ms, act }) && count,
    cancel: (id) => timers.delete(id),
    frame: (act) => timers.set(++count, { at: now + 16, act }),
    query: () => here.query,
    send: (question) => here.sent.push(question),
    alive: async () => here.alive,
    preview: () => {
      here.previews++;
      return local;
    },
    busy: () => here.busy,
    adopt: (answer) => here.adopted.push(answer),
    refuse: (answer) => here.refused.push(answer),
    status: (state, more) => here.said.push({ state, ...more }),
  };
  /** Let time pass, timers in order, promises in between. */
  here.pass = async (ms) => {
    const end = now + ms;
    for (;;) {
      const next = [...timers].filter(([, t]) => t.at <= end).sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0];
      if (!next) break;
      now = next[1].at;
      timers.delete(next[0]);
      next[1].act();
      await new Promise((done) => setImmediate(done));
    }
    now = end;
  };
  here.open = () => timers.size;
  here.dialogue = new Dialogue(doors, asked);
  /** Change the settings to those of a link. */
  here.choose = (query, live) => {
    here.query = query;
    here.dialogue.change(live);
  };
  here.state = () => here.said.at(-1);
  return here;
}

const answer = (ask, more = {}) => ({ ask, serial: `${ask}.0`, error: null, ...more });

test("a change is previewed at the next frame and asked when the keys rest", async () => {
  const p = page();
  p.choose("k=4");
  assert.equal(p.sent.length, 0);
  await p.pass(16);
  assert.equal(p.previews, 1);
  assert.equal(p.state().state, "preview");
  await p.pass(REST - 17);
  assert.deepEqual(p.sent, []);
  await p.pass(1);
  assert.deepEqual(p.sent, [{ ask: 1, query: "k=4" }]);
  assert.equal(p.state().state, "asking");
});

test("many keys are one question", async () => {
  const p = page();
  for (const k of [4, 5, 6]) {
    p.choose(`k=${k}`);
    await p.pass(REST - 20);
  }
  await p.pass(REST);
  assert.deepEqual(p.sent, [{ ask: 1, query: "k=6" }]);
});

test("a moving hand previews each frame once and asks nothing; its release asks at once", async () => {
  const p = page();
  p.dialogue.press();
  for (const k of [4, 5, 6]) p.choose(`k=${k}`, true);
  await p.pass(1000);
  assert.equal(p.previews, 1);
  assert.equal(p.sent.length, 0);
  p.dialogue.release();
  p.choose("k=6");
  assert.deepEqual(p.sent, [{ ask: 1, query: "k=6" }]);
  assert.equal(p.previews, 1, "the hand has seen its picture: torch's comes next");
  await p.pass(PATIENCE / 2);
  assert.equal(p.previews, 2, "torch is slow: the page draws its own");
});

test("a click that moves nothing first is previewed at once", async () => {
  const p = page();
  p.dialogue.press();
  p.dialogue.release();
  p.choose("draw=2");
  await p.pass(16);
  assert.equal(p.previews, 1);
  assert.equal(p.sent.length, 1);
});

test("an answer is adopted once", async () => {
  const p = page();
  p.choose("k=4");
  await p.pass(REST);
  p.dialogue.receive(answer(1));
  p.dialogue.receive(answer(1));
  assert.equal(p.adopted.length, 1);
  assert.equal(p.state().state, "settled");
  await p.pass(10 * PROBE);
  assert.equal(p.sent.length, 1);
});

test("what Python asks in the viewer's name is a new answer under the same number", () => {
  const p = page();
  p.dialogue.receive(answer(0));
  p.dialogue.receive(answer(0, { serial: "0.1" }));
  assert.equal(p.adopted.length, 2);
});

test("a late answer to an older question is dropped", async () => {
  const p = page();
  p.choose("k=4");
  await p.pass(REST);
  p.choose("k=5");
  await p.pass(REST);
  p.dialogue.receive(answer(1));
  assert.equal(p.adopted.length, 0);
  p.dialogue.receive(answer(2));
  assert.deepEqual(
    p.adopted.map((a) => a.ask),
    [2],
  );
});

test("an answer that comes between a change and its question does not undo the change", async () => {
  const p = page();
  p.choose("k=4");
  await p.pass(REST);
  p.choose("k=5");
  p.dialogue.receive(answer(1));
  assert.equal(p.adopted.length, 0);
  await p.pass(REST);
  assert.deepEqual(p.sent.at(-1), { ask: 2, query: "k=5" });
  assert.equal(p.adopted.length, 0);
});

test("there and back again within the rest keeps the open question and its answer", async () => {
  const p = page();
  p.choose("k=4");
  await p.pass(REST);
  p.choose("k=5");
  p.choose("k=4");
  p.dialogue.receive(answer(1));
  await p.pass(REST);
  assert.equal(p.sent.length, 1);
  assert.equal(p.adopted.length, 1);
});

test("no answer is adopted while a hand is down", async () => {
  const p = page();
  p.choose("k=4");
  await p.pass(REST);
  p.dialogue.press();
  p.dialogue.receive(answer(1));
  assert.equal(p.adopted.length, 0);
  p.dialogue.release();
  assert.equal(p.adopted.length, 1);
});

test("no answer is adopted while a control still moves: its settings are newer", async () => {
  const p = page();
  p.choose("k=4");
  await p.pass(REST);
  p.dialogue.press();
  p.choose("k=5", true);
  p.dialogue.receive(answer(1));
  p.dialogue.release();
  assert.equal(p.adopted.length, 0);
  p.choose("k=5");
  p.dialogue.receive(answer(2));
  assert.deepEqual(
    p.adopted.map((a) => a.ask),
    [2],
  );
});

test("an answer waits for a picture that moves by itself", () => {
  const p = page();
  p.busy = true;
  p.dialogue.receive(answer(0));
  assert.equal(p.adopted.length, 0);
  p.busy = false;
  p.dialogue.settle();
  assert.equal(p.adopted.length, 1);
});

test("after 300 ms the page says that torch is computing, and stops saying so", async () => {
  const p = page();
  p.choose("k=4");
  await p.pass(REST + PATIENCE - 1);
  assert.equal(p.state().slow, false);
  await p.pass(1);
  assert.deepEqual(p.state(), { state: "asking", slow: true, gone: false });
  p.dialogue.receive(answer(1));
  assert.deepEqual(p.state(), { state: "settled", slow: false, gone: false });
});

test("a refusal keeps the picture and is told", async () => {
  const p = page();
  p.choose("draws=10000&samples=10000");
  await p.pass(REST);
  p.dialogue.receive(answer(1, { error: "too much" }));
  assert.equal(p.adopted.length, 0);
  assert.equal(p.refused[0].error, "too much");
  assert.equal(p.state().state, "refused");
});

test("where the page cannot compute, a change is asked about and not previewed", async () => {
  const p = page({ local: false });
  p.choose("classes=100000");
  await p.pass(16);
  assert.equal(p.state().state, "asking");
  await p.pass(REST);
  assert.equal(p.sent.length, 1);
});

test("the first question is put once, and only by a page that has asked nothing", () => {
  const p = page();
  p.dialogue.first("v=1&draws=10000");
  p.dialogue.first("v=1&draws=10000");
  assert.deepEqual(p.sent, [{ ask: 1, query: "v=1&draws=10000", first: true }]);
  const again = page({ asked: 3 });
  again.dialogue.first("v=1");
  assert.deepEqual(again.sent, []);
});

test("a slow server that is there is not asked twice", async () => {
  const p = page();
  p.choose("k=4");
  await p.pass(REST + 5 * PROBE);
  assert.equal(p.sent.length, 1);
  assert.equal(p.state().gone, false);
});

test("a server that does not answer is said to be gone; when the line is back it is asked again, once", async () => {
  const p = page();
  p.alive = false;
  p.choose("k=4");
  await p.pass(REST + PROBE);
  assert.deepEqual(p.state(), { state: "asking", slow: true, gone: true });
  p.alive = true;
  await p.pass(3 * PROBE);
  assert.equal(p.sent.length, 1, "nobody listens before the line is back");
  p.dialogue.back();
  assert.deepEqual(p.sent[1], { ask: 2, query: "k=4" });
  assert.deepEqual(p.state(), { state: "asking", slow: false, gone: false });
  p.dialogue.receive(answer(2));
  assert.deepEqual(p.state(), { state: "settled", slow: false, gone: false });
  await p.pass(20 * PROBE);
  assert.equal(p.sent.length, 2);
});

test("a question lost in the shortest cut is asked again, and its link adopted", async () => {
  const p = page();
  p.choose("k=4");
  await p.pass(REST + 1);
  p.dialogue.back();
  p.dialogue.receive(answer(1));
  assert.equal(p.adopted.length, 0, "the server answers an older question first");
  p.dialogue.receive(answer(2, { query: "k=4" }));
  assert.deepEqual(
    p.adopted.map(({ query }) => query),
    ["k=4"],
  );
});

test("a picture that is settled is asked for again: a server that started anew may remember an older question", async () => {
  const p = page();
  p.choose("k=4");
  await p.pass(REST);
  p.dialogue.receive(answer(1));
  p.query = "k=5"; // Python asked in the viewer's name
  p.dialogue.receive(answer(1, { serial: "1.1" }));
  p.dialogue.back();
  assert.deepEqual(p.sent.at(-1), { ask: 2, query: "k=5" });
  p.dialogue.receive(answer(1));
  assert.equal(p.adopted.length, 2);
});

test("a line that is back leaves it to the hand to ask", async () => {
  const p = page();
  p.choose("k=4");
  await p.pass(REST);
  p.choose("k=5");
  p.dialogue.back();
  assert.equal(p.sent.length, 1);
  await p.pass(REST);
  assert.deepEqual(p.sent.at(-1), { ask: 2, query: "k=5" });
  p.dialogue.press();
  p.choose("k=6", true);
  p.dialogue.back();
  assert.equal(p.sent.length, 2);
  p.dialogue.release();
  p.choose("k=6");
  assert.deepEqual(p.sent.at(-1), { ask: 3, query: "k=6" });
});

test("a question lost and chosen anew before the keys rest is asked, not waited for", async () => {
  const p = page();
  p.choose("k=4");
  await p.pass(REST);
  p.choose("k=4");
  p.dialogue.back();
  await p.pass(REST);
  assert.deepEqual(p.sent.at(-1), { ask: 2, query: "k=4" });
});

test("the first question stays the first when it is asked again; before it there is nothing to ask", () => {
  const p = page();
  p.dialogue.back();
  assert.deepEqual(p.sent, []);
  p.dialogue.first("v=1&draws=10000");
  p.dialogue.back();
  assert.deepEqual(p.sent.at(-1), { ask: 2, query: "v=1&draws=10000", first: true });
});

test("another change while the server is gone replaces the question", async () => {
  const p = page();
  p.alive = false;
  p.choose("k=4");
  await p.pass(REST + PROBE);
  p.choose("k=5");
  await p.pass(REST + PROBE);
  p.dialogue.back();
  assert.deepEqual(p.sent.at(-1), { ask: 3, query: "k=5" });
});

test("nothing is left running after the end", async () => {
  const p = page();
  p.choose("k=4");
  await p.pass(REST);
  p.dialogue.release();
  p.dialogue.end();
  assert.equal(p.open(), 0);
});
