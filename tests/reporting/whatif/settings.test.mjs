// Links: what is written comes back, what is hostile is left out piece by piece.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assign } from "../../../attribution/reporting/templates/whatif/evidence.mjs";
import { format, nothingChanged, parse, regrade, unchanged } from "../../../attribution/reporting/templates/whatif/settings.mjs";
import { decibans, percent, points } from "../../../attribution/reporting/templates/whatif/words.mjs";

const data = {
  factions: ["a", "b", "other"],
  items: [{ id: "halt" }, { id: "claim" }],
  origins: [
    { id: "halt", kind: "statement", grade: "A1" },
    { id: "claim", kind: "statement", grade: "C3" },
    { id: "search", kind: "absence" },
  ],
  nodes: { a: "100", group: "110" },
};

test("nothing changed is an empty link", () => {
  assert.equal(format(nothingChanged(data), data), "");
  assert.ok(unchanged(parse("", data).settings));
});

test("everything comes back", () => {
  const link = "off=halt,claim&grade=halt:B2&prior=a:5,other:-2.5&planted=0.25:group";
  const { settings, ignored } = parse(link, data);
  assert.equal(ignored, 0);
  assert.equal(format(settings, data), link);
  assert.deepEqual(settings.prior, [5, 0, -2.5]);
  assert.ok(!unchanged(settings));
});

test("at random and toward somebody are told apart", () => {
  assert.deepEqual(parse("planted=1", data).settings.planted, { probability: 1, toward: "" });
  assert.deepEqual(parse("planted=0:a", data).settings.planted, { probability: 0, toward: "a" });
});

test("the grade an origin has is no change", () => {
  assert.ok(unchanged(parse("grade=halt:A1", data).settings));
  assert.ok(unchanged(regrade(data, parse("grade=halt:B2", data).settings, 0, "A1")));
});

test("what is not understood is left out, the rest stands", () => {
  for (const piece of [
    "off=nobody", "off=halt:x", "off=__proto__", "off=constructor", "grade=halt", "grade=halt:G2", "grade=halt:B2x",
    "grade=search:B2", "grade=toString:B2", "prior=a:1e9", "prior=a:NaN", "prior=a:", "prior=a:21", "prior=a:--1",
    "prior=hasOwnProperty:1", "planted=2", "planted=-0.1", "planted=0.1:nobody", "planted=0.1:toString", "planted=",
    "__proto__=x", "<script>alert(1)</script>", "=", "off=%00", "\u202eoff=halt", "off=<img src=x onerror=alert(1)>",
  ]) {
    const { settings, ignored } = parse(`${piece}&off=claim`, data);
    assert.equal(ignored, 1, piece);
    assert.equal(format(settings, data), "off=claim", piece);
  }
});

test("a link of any length is read in no time", () => {
  const start = performance.now();
  parse(`off=${"halt,".repeat(1e6)}`, data);
  assert.ok(performance.now() - start < 500);
});

test("a grade keeps its column, a new one takes what went out of use, then a spare", () => {
  const pool = [["A", 1], ["C", 2], ["", 3]];
  assert.deepEqual([...assign(pool, ["C", "A"])], [["A", 1], ["C", 2]]);
  assert.deepEqual([...assign(pool, ["C", "B"])], [["C", 2], ["B", 1]]);
  assert.deepEqual([...assign(pool, ["E", "C", "D"])], [["C", 2], ["D", 1], ["E", 3]]);
});

test("numbers are written as in the rest of the report", () => {
  assert.deepEqual([0.0009, 0.001, 0.0994, 0.0995, 0.5, 0.99, 0.991].map((p) => percent(p)), ["< 0.1 %", "0.1 %", "9.9 %", "10 %", "50 %", "99 %", "> 99 %"]);
  assert.deepEqual([percent(0, true), percent(1, true)], ["0 %", "100 %"]);
  assert.deepEqual([0, 0.0004, 0.0006, -0.123].map(points), ["0.0", "0.0", "+0.1", "\u221212.3"]);
  assert.deepEqual([10, -3].map(decibans), ["+10 dB (odds \u00d7 10)", "\u22123 dB (odds \u00f7 2.0)"]);
});
