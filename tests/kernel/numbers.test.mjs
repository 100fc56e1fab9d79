// The numbers that are taken home: the table is one that any program reads, and only a file of ours is read back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FORMAT, readBack, table, VERSION } from "../../assets/stage/numbers.js";

const ALL = {
  format: FORMAT,
  version: VERSION,
  link: "http://a.org/?v=1&samples=9",
  settings: { samples: 9, edits: [[3, 1.5]], table: "" },
  target: "horse",
  numbers: { loss_full: 0.25, bias: 1e-300 },
  panels: [
    {
      panel: "noise",
      title: "Noise",
      unit: 'probability, or "q"',
      along: "classes",
      series: [{ series: "noise", x: [0, 1, 2, null], names: ["=1+1", "a,b\nc", "@x", null], y: [0.5, 0.25, null, 3] }],
    },
  ],
};

test("a table has one row for each number, quoted where it must be, and no formulas", () => {
  assert.equal(
    table(ALL),
    [
      "panel,series,x,name,value,unit",
      "link,,,,http://a.org/?v=1&samples=9,",
      "settings,samples,,,9,",
      'settings,edits,,,"[[3,1.5]]",',
      "settings,table,,,,",
      "numbers,loss_full,,,0.25,",
      "numbers,bias,,,1e-300,",
      'noise,noise,0,\'=1+1,0.5,"probability, or ""q"""',
      'noise,noise,1,"a,b\nc",0.25,"probability, or ""q"""',
      'noise,noise,,,3,"probability, or ""q"""',
      "",
    ].join("\r\n"),
  );
});

test("what a job found says of which settings it is, beside those of now", () => {
  const job = { kind: "training", query: "v=1&negatives=64" };
  assert.equal(table({ ...ALL, job }).split("\r\n")[2], "job,training,,,v=1&negatives=64,");
});

test("a file of ours leads back to its state, any other is refused in a sentence", () => {
  assert.equal(readBack(JSON.stringify(ALL)), "v=1&samples=9");
  const wrong = {
    "{": /no JSON/,
    null: /not saved here/,
    "[]": /not saved here/,
    [JSON.stringify({ ...ALL, format: "other" })]: /not saved here/,
    [JSON.stringify({ ...ALL, version: 2 })]: /has version 2, and this page reads version 1/,
    [JSON.stringify({ ...ALL, link: "javascript:alert(1)" })]: /lost its link/,
    [JSON.stringify({ ...ALL, link: undefined })]: /lost its link/,
  };
  for (const [text, sentence] of Object.entries(wrong)) assert.throws(() => readBack(text), sentence, text);
  assert.throws(() => readBack(" ".repeat(32e6 + 1)), /too large/);
});
