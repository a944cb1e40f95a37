// Uncertain numbers against values known in advance.
import assert from "node:assert/strict";
import { test } from "node:test";
import { columns, logSum, normal, probability, slotValues, timesOdds } from "../../../attribution/reporting/templates/whatif/numbers.mjs";

const near = (found, expected, relative = 1e-12) =>
  assert.ok(Math.abs(found - expected) <= relative * Math.abs(expected), `${found} is not ${expected}`);

test("the normal distribution function, from the centre to the far tail", () => {
  // Values to sixteen digits from tables of Phi.
  for (const [x, expected] of [
    [0, 0.5], [1, 0.8413447460685429], [-1, 0.15865525393145705], [1.6448536269514722, 0.95],
    [-2.9, 0.0018658133003840378], [-3, 0.0013498980316300946], [-5, 2.866515718791939e-7],
    [-10, 7.619853024160526e-24], [-20, 2.7536241186062337e-89], [4, 0.9999683287581669],
  ]) near(normal(x), expected);
});

test("it is symmetrical and rises", () => {
  for (let x = -6; x < 6; x += 0.01) {
    assert.ok(Math.abs(normal(x) + normal(-x) - 1) < 1e-15);
    assert.ok(normal(x + 0.01) > normal(x));
  }
});

test("columns come out as they went in", () => {
  const bytes = new Uint8Array(new Float32Array([1.5, -2, 3.25, 1e-3]).buffer);
  const text = btoa(String.fromCharCode(...bytes));
  assert.deepEqual(columns(text, 2).map((column) => [...column]), [[1.5, -2], [3.25, Math.fround(1e-3)]]);
});

test("a probability goes through its quantiles", () => {
  near(probability(Float64Array.of(0), [0, 1, 0, 0])[0], 0.5);
  near(probability(Float64Array.of(1), [-1, 2, 0, 0])[0], normal(1));
  near(probability(Float64Array.of(0.3), [0.1, 0.5, 0.7, 1.6])[0], normal(0.1 + 0.5 * Math.sinh(0.7 * 1.9)));
});

test("slots of every kind", () => {
  const z = [Float64Array.of(0.5), Float64Array.of(-1)];
  const values = slotValues([
    [0, -1, -1, 0.25, 0, 0, 0, 0], // a constant
    [1, 0, 1, 0, 1, 0, 0, 0.3], // a probability that varies
    [2, 0, -1, 1, 2, 0, 0, 0], // a ratio
    [3, 0, 2, 0, 0, 0, 0, 0], // odds of the constant times the ratio
  ], z, 1).map(([value]) => value);
  const expected = [0.25, normal(0.5 - 0.3), Math.E ** 2, Math.E ** 2 / (3 + Math.E ** 2)];
  values.forEach((value, slot) => near(value, expected[slot]));
});

test("odds and sums of logarithms at the edges", () => {
  assert.deepEqual(timesOdds([0, 0.5, 1], 3), [0, 0.75, 1]);
  assert.equal(logSum([-Infinity, -Infinity]), -Infinity);
  near(logSum([-1000, -1000]), -1000 + Math.log(2));
});
