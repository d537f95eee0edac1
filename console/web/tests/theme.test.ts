import { describe, expect, it } from "vitest";
import { stacked } from "~/parts/chartSeries";
import { checkedUrl } from "~/parts/SafeLink";
import { theme } from "~/theme";

const AA = 4.5; // WCAG 2.2, 1.4.3
const WHITE = "#ffffff";

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [dim = 0, bright = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dim + 0.05);
}

const shade = (palette: string, at: number): string => theme.colors?.[palette]?.[at] ?? "#000000";

describe("contrast", () => {
  it.each(["estuary", "clay", "marsh"])("%s: white on its filled shades in both schemes, and as text", (palette) => {
    expect(contrast(WHITE, shade(palette, 7))).toBeGreaterThanOrEqual(AA);
    expect(contrast(WHITE, shade(palette, 6))).toBeGreaterThanOrEqual(AA);
    expect(contrast(shade(palette, 7), shade("gray", 0))).toBeGreaterThanOrEqual(AA);
    expect(contrast(shade(palette, 4), shade("dark", 6))).toBeGreaterThanOrEqual(AA - 0.5); // large numbers only
  });

  it.each(["estuary", "clay", "marsh", "sand"])("%s: the words of a badge on its ground", (palette) => {
    expect(contrast(shade(palette, 9), shade(palette, 1))).toBeGreaterThanOrEqual(AA);
  });

  it("text, and text that steps back, on both schemes' surfaces", () => {
    for (const surface of [WHITE, shade("gray", 0)])
      expect(contrast(shade("gray", 6), surface)).toBeGreaterThanOrEqual(AA);
    for (const surface of [shade("dark", 6), shade("dark", 7)]) {
      expect(contrast(shade("dark", 0), surface)).toBeGreaterThanOrEqual(AA);
      expect(contrast(shade("dark", 2), surface)).toBeGreaterThanOrEqual(AA);
    }
  });
});

it("areas of a stacked chart lie on those before them", () => {
  expect(
    stacked([
      [1, 2],
      [10, 20],
      [0, 5],
    ]),
  ).toEqual([
    [1, 2],
    [11, 22],
    [11, 27],
  ]);
});

it.each([
  "javascript:alert(1)",
  " javascript:alert(1)",
  "JaVaScRiPt:1",
  "data:text/html,x",
  "//elsewhere",
  "file:///etc/passwd",
  "x",
])("never links to %j", (text) => expect(checkedUrl(text)).toBeNull());

it("links to http and https", () => {
  expect([checkedUrl("https://a.example/x"), checkedUrl("http://a.example")]).toEqual([
    "https://a.example/x",
    "http://a.example/",
  ]);
});
