import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Parser } from "acorn";

const ASSETS = new URL("../../assets/", import.meta.url);
const ROOMS = ["kernel", "panels", "controls", "stage"].filter((room) => existsSync(new URL(room, ASSETS)));
const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);
const MEDIAN = 8;
const NINE_TENTHS = 20;
const MODULE = 320;

const modules = ROOMS.flatMap((room) => {
  const names = readdirSync(new URL(`${room}/`, ASSETS)).filter((name) => name.endsWith(".js"));
  return names.map((name) => ({
    name: `${room}/${name}`,
    text: readFileSync(new URL(`${room}/${name}`, ASSETS), "utf8"),
  }));
});

/** The functions of a tree that stand by themselves: a callback counts as part of what calls it. */
function* functionsIn(node, inside = false) {
  if (Array.isArray(node)) for (const part of node) yield* functionsIn(part, inside);
  else if (node && typeof node.type === "string") {
    const own = FUNCTIONS.has(node.type) && !inside;
    if (own) yield node;
    for (const part of Object.values(node)) yield* functionsIn(part, inside || own);
  }
}

/** How many lines of each function hold code. */
function lengthsOf(text) {
  const coded = new Set();
  const onToken = ({ loc }) => {
    for (let line = loc.start.line; line <= loc.end.line; line++) coded.add(line);
  };
  const tree = Parser.parse(text, { ecmaVersion: "latest", sourceType: "module", locations: true, onToken });
  return [...functionsIn(tree)].map(({ loc }) => {
    return [...coded].filter((line) => line >= loc.start.line && line <= loc.end.line).length;
  });
}

test("functions have 8 lines at the median and 20 at the 90th percentile", () => {
  const lengths = modules.flatMap(({ text }) => lengthsOf(text)).sort((a, b) => a - b);
  const at = (part) => lengths[Math.floor(part * (lengths.length - 1))];
  console.log(`${lengths.length} functions: ${at(0.5)} lines at the median, ${at(0.9)} at the 90th percentile`);
  assert.ok(at(0.5) <= MEDIAN, `median ${at(0.5)}`);
  assert.ok(at(0.9) <= NINE_TENTHS, `90th percentile ${at(0.9)}`);
});

test("no module is longer than 320 lines", () => {
  const long = modules.filter(({ text }) => text.split("\n").length - 1 > MODULE);
  assert.deepEqual(
    long.map(({ name }) => name),
    [],
  );
});

test("lines of code are counted without comments and blank lines", () => {
  const text =
    "/** Says so. */\nfunction f(a) {\n  // why\n\n  return a.map((b) => {\n    return b;\n  });\n}\nconst g = () => 1;\n";
  assert.deepEqual(lengthsOf(text), [5, 1]);
});
