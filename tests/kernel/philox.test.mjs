import assert from "node:assert/strict";
import { test } from "node:test";
import { fill, normals, philox, uniforms } from "../../assets/kernel/philox.js";

const ONES = 0xffffffff;
const hex = (words) => [...words].map((word) => word.toString(16).padStart(8, "0")).join(" ");

test("philox gives its published words", () => {
  assert.equal(hex(philox(0, 0, 0, 0, 0, 0)), "6627e8d5 e169c58d bc57ac4c 9b00dbd8");
  assert.equal(hex(philox(ONES, ONES, ONES, ONES, ONES, ONES)), "408f276d 41c83b0e a20bc7c6 6d5451fd");
  const pi = philox(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0);
  assert.equal(hex(pi), "d16cfe09 94fdcceb 5001e420 24126ea1");
});

test("a uniform is the 53 upper bits of two words", () => {
  const bits = (BigInt(0x6627e8d5 >>> 5) << 26n) + BigInt(0xe169c58d >>> 6);
  assert.equal(uniforms(0, 0, 1)[0], Number(bits) / 2 ** 53);
});

test("a uniform depends on its place alone", () => {
  const whole = uniforms(810, 3, 9);
  assert.deepEqual(uniforms(810, 3, 4), whole.subarray(0, 4));
  const rest = new Float64Array(9);
  fill(810, 3, 4, 9, rest, 4);
  assert.deepEqual(rest.subarray(4), whole.subarray(4));
});

test("uniforms lie in [0, 1), and a large seed uses both words of its key", () => {
  const found = uniforms(2 ** 32 + 5, 0, 1_000);
  assert.ok(found.every((u) => u >= 0 && u < 1));
  assert.notDeepEqual(found, uniforms(5, 0, 1_000));
});

test("normals have mean 0 and variance 1", () => {
  const n = 20_000;
  const found = normals(0, n);
  const mean = found.reduce((a, b) => a + b, 0) / n;
  const variance = found.reduce((a, b) => a + b * b, 0) / n;
  assert.ok(Math.abs(mean) < 5 / Math.sqrt(n), `${mean}`);
  assert.ok(Math.abs(variance - 1) < 5 * Math.sqrt(2 / n), `${variance}`);
});
