import { describe, expect, it } from "vitest";
import { amountOf, isWithin, stepped } from "~/parts/amount";

const WHOLE = { least: 1, most: 100 };
const FINE = { least: 0.01, most: 50, decimals: 2 };

describe("a number as it is typed", () => {
  it("may have a point, a comma or wide digits, and be unfinished", () => {
    const read = ["", "7", " 7 ", "1.5", "1,5", "１２", "5.", ".5", ".", "0.25"].map((text) => amountOf(text, FINE));
    expect(read).toEqual(["", 7, 7, 1.5, 1.5, 12, 5, 0.5, "", 0.25]);
  });

  it("is nothing else", () => {
    for (const text of ["x", "-1", "1e3", "1 000", "1.2.3", "0x10", "٣", "1.234", "1234567890123"]) {
      expect(amountOf(text, FINE), text).toBe(null);
    }
    for (const text of ["1.", "1.0", ","]) expect(amountOf(text, WHOLE), text).toBe(null);
  });
});

it("is within its bounds on both of them, and when it is not said", () => {
  expect([0, 1, 100, 101].map((amount) => isWithin(amount, WHOLE))).toEqual([false, true, true, false]);
  expect([0.009, 0.01, 50, 50.01].map((amount) => isWithin(amount, FINE))).toEqual([false, true, true, false]);
  expect(isWithin("", WHOLE)).toBe(true);
});

describe("the arrow keys", () => {
  it("go by one and stop at the bounds", () => {
    expect([stepped(1, 1, WHOLE), stepped(1, -1, WHOLE), stepped(100, 1, WHOLE)]).toEqual([2, 1, 100]);
    expect([stepped(0.3, 1, FINE), stepped(0.5, -1, FINE), stepped(1.1, -1, FINE)]).toEqual([1.3, 0.01, 0.1]);
  });

  it("come back into the bounds, and begin at the least", () => {
    expect([stepped("", 1, WHOLE), stepped("", -1, WHOLE), stepped(500, -1, WHOLE)]).toEqual([1, 1, 100]);
  });
});
