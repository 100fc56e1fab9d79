// Shared links: what a frame adds to them, what is escaped in each form, and which addresses others reach.

import assert from "node:assert/strict";
import test from "node:test";

import { addressOf, FORMS, frameParts, isLocal, queryOf } from "../../assets/stage/share_link.js";

const USUAL = {
  panels: [],
  hidden: ["batch"],
  locked: [],
  player: true,
  sentence: true,
  note: "",
  play: false,
  theme: "reader",
};
const FIELDS = {
  problem: { default: "article" },
  samples: { default: 3 },
  target: { default: null },
  edits: { default: [] },
};
const PAGE = { spec: { fields: FIELDS, targets: { article: 7 } }, usual: USUAL, chapter: 0 };
const SETTINGS = { problem: "article", samples: 3, target: 7, edits: [] };

const NASTY = "a b\"<script>alert('x')</script>&amp;#?+%)](javascript:1)\ud800\u00e9";
const SHARED = {
  title: 'The [page] "of" <b>',
  link: `http://h/?v=1&${frameParts({ ...USUAL, note: NASTY }, USUAL)}`,
  height: 640,
};
const written = (name) =>
  FORMS.find((form) => form.name === name).write({ ...SHARED, embedded: `${SHARED.link}&embed=true` });

/** What a browser makes of an attribute. */
const unescaped = (text) =>
  text.replace(/&(amp|lt|gt|quot);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">", quot: '"' })[name]);

test("a frame adds what the page does not have by itself", () => {
  assert.deepEqual(frameParts(USUAL, USUAL), []);
  assert.deepEqual(frameParts({ ...USUAL, hidden: ["batch", "noise", "seed"], player: false, play: true }, USUAL), [
    "hidden=noise%2Cseed",
    "player=0",
    "play=1",
  ]);
  assert.deepEqual(frameParts({ ...USUAL, locked: [] }, { ...USUAL, locked: ["seed"] }), ["locked="]);
});

test("a query has settings, chapter and frame, and no target that goes without saying", () => {
  assert.equal(queryOf(SETTINGS, USUAL, PAGE), "v=1");
  assert.equal(queryOf({ ...SETTINGS, target: 2 }, USUAL, PAGE), "v=1&target=2");
  const edited = { ...SETTINGS, edits: [[3, 1.5]] };
  const frame = { ...USUAL, panels: ["noise", "ranks"], note: "k: what?" };
  assert.equal(
    queryOf(edited, frame, { ...PAGE, chapter: 4 }),
    "v=1&edits=3:1.5&chapter=4&panels=noise,ranks&note=k:%20what%3F",
  );
});

test("a note reads back as it was written, whatever it holds", () => {
  assert.equal(new URLSearchParams(SHARED.link.split("?")[1]).get("note"), NASTY.replace("\ud800", "\ufffd"));
});

test("no form has a letter of a note that could end or begin anything", () => {
  for (const { name } of FORMS) {
    const text = written(name);
    assert.ok(!text.includes("<script>"), name);
    assert.ok(!text.includes("alert("), name);
    assert.ok(!text.includes("](javascript"), name);
  }
});

test("the frame has what learning systems keep, escaped once", () => {
  const [all, title, src, height] = written("iframe").match(
    /^<iframe title="([^"<>]*)" src="([^"<>]*)" width="100%" height="(\d+)"><\/iframe>$/,
  );
  assert.ok(all);
  assert.equal(unescaped(title), SHARED.title);
  assert.equal(unescaped(src), `${SHARED.link}&embed=true`);
  assert.equal(height, "640");
});

test("each form is the link or the frame in its own words", () => {
  const frame = written("iframe");
  assert.equal(written("link"), SHARED.link);
  assert.equal(written("markdown"), `[The \\[page\\] "of" \\<b\\>](${SHARED.link})`);
  assert.equal(written("myst"), `\`\`\`{iframe} ${SHARED.link}&embed=true\n:width: 100%\n\`\`\``);
  assert.equal(written("quarto"), `\`\`\`{=html}\n${frame}\n\`\`\``);
  assert.equal(written("rst"), `.. raw:: html\n\n   ${frame}`);
});

test("nobody else reaches the address of a machine's own", () => {
  const own = [
    "http://localhost:8501/",
    "http://x.localhost/",
    "http://127.0.0.1/a",
    "http://[::1]:9/",
    "file:///a.html",
  ];
  for (const address of [...own, "http://0.0.0.0:1/"]) assert.ok(isLocal(address), address);
  for (const address of ["https://example.org/", "http://10.0.0.7/", "https://localhost.example.org/", "http://host/"])
    assert.ok(!isLocal(address), address);
});

test("a page lies beside every other, wherever a proxy has put them", () => {
  assert.equal(addressOf("bias", "https://h/tools/story?v=1#a"), "https://h/tools/bias");
  assert.equal(addressOf("", "https://h/tools/story?v=1"), "https://h/tools/");
});
