import { expect, test } from "vitest";
import { Presses } from "~/api/presses";

test("what is under way is not sent again", () => {
  const presses = new Presses();
  expect(presses.begin("a", 0)).toBe(true);
  expect(presses.begin("a", 30_000)).toBe(false);
  expect(presses.begin("b", 30_000)).toBe(true);
});

test("a double click whose first half was answered already is one press", () => {
  const presses = new Presses();
  presses.begin("a", 0);
  presses.end("a", true, 5);
  expect(presses.begin("a", 1_004)).toBe(false);
  expect(presses.begin("a", 1_005)).toBe(true);
});

test("what failed is tried again at once", () => {
  const presses = new Presses();
  presses.begin("a", 0);
  presses.end("a", false, 5);
  expect(presses.begin("a", 6)).toBe(true);
});

test("a switch goes on, off and on as fast as one likes", () => {
  const presses = new Presses();
  for (const [number, wire] of ["on", "off", "on"].entries()) {
    expect(presses.begin(wire, number)).toBe(true);
    presses.end(wire, true, number);
  }
});
