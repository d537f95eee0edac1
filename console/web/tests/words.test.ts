import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { gather } from "~/words/catalogue";
import { formatsOf } from "~/words/format";
import { translate } from "~/words/translate";

const SOURCE = new URL("../src", import.meta.url).pathname;

function catalogueOf(language: string) {
  const folder = join(SOURCE, "words", language);
  return gather(
    Object.fromEntries(readdirSync(folder).map((name) => [name, JSON.parse(readFileSync(join(folder, name), "utf8"))])),
  );
}

const en = catalogueOf("en");
const zh = catalogueOf("zh");
const base = (key: string) => key.replace(/_(one|other)$/, "");
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe("catalogues", () => {
  it("have the same keys in both languages", () => {
    expect([...new Set(Object.keys(zh).map(base))].sort()).toEqual([...new Set(Object.keys(en).map(base))].sort());
  });

  it("have the plurals that each language needs", () => {
    const plurals = Object.keys(en)
      .filter((key) => /_(one|other)$/.test(key))
      .map(base);
    for (const key of plurals) {
      expect(en, key).toHaveProperty([`${key}_one`]);
      expect(en, key).toHaveProperty([`${key}_other`]);
      expect(zh, key).toHaveProperty([`${key}_other`]);
    }
  });

  it("fill in the same names in both languages", () => {
    for (const [key, text] of Object.entries(zh)) expect(placeholders(text), key).toEqual(placeholders(en[key] ?? ""));
  });

  it("hold no empty text", () => {
    for (const [key, text] of [...Object.entries(en), ...Object.entries(zh)]) expect(text.trim(), key).not.toBe("");
  });
});

describe("translate", () => {
  const t = (key: string, values = {}) =>
    translate(
      { "a.rows_one": "{count} row", "a.rows_other": "{count} rows", "a.b": "{x}!" },
      "en",
      key as never,
      values,
    );

  it("chooses the plural by count and writes numbers as the language does", () => {
    expect([t("a.rows", { count: 1 }), t("a.rows", { count: 0 }), t("a.rows", { count: 12345 })]).toEqual([
      "1 row",
      "0 rows",
      "12,345 rows",
    ]);
  });

  it("fills in text as it is, even text that looks like a name in braces", () => {
    expect(t("a.b", { x: "{count}<b>" })).toBe("{count}<b>!");
  });

  it("shows the key of a text that is missing", () => {
    expect(t("a.missing")).toBe("a.missing");
  });
});

describe("formats", () => {
  const format = formatsOf("en");

  it("write sizes by powers of 1024", () => {
    expect([0, 1023, 1024, 1536, 1024 ** 3].map(format.bytes)).toEqual(["0 B", "1,023 B", "1 KiB", "1.5 KiB", "1 GiB"]);
  });

  it("write times relative to a given present", () => {
    expect([format.relative(0, 179_999), format.relative(7_200_000, 0)]).toEqual(["2 minutes ago", "in 2 hours"]);
  });
});

describe("a share", () => {
  it("is the whole only when nothing is missing", () => {
    for (const locale of ["en", "zh-CN"]) {
      const { percent } = formatsOf(locale);
      expect([0, 9_999 / 10_000, 0.996, 1].map(percent)).toEqual(["0%", "99.9%", "99.6%", "100%"]);
    }
  });

  it("is as many tenths as it has", () => {
    const { percent } = formatsOf("en");
    for (let tenths = 0; tenths <= 1000; tenths++) expect(percent(tenths / 1000)).toBe(`${tenths / 10}%`);
  });
});

/** Attributes whose value a person reads. */
const READ = /^(label|title|placeholder|description|alt|aria-label|hint|note|confirmLabel|error)$/;

function literals(path: string): string[] {
  const file = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ES2022, true, ts.ScriptKind.TSX);
  const found: string[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isJsxText(node) && /\p{L}/u.test(node.text)) found.push(node.text.trim());
    if (
      ts.isJsxAttribute(node) &&
      READ.test(node.name.getText()) &&
      node.initializer &&
      ts.isStringLiteral(node.initializer)
    ) {
      if (/\p{L}/u.test(node.initializer.text)) found.push(node.initializer.text);
    }
    if (
      ts.isJsxExpression(node) &&
      node.expression &&
      ts.isStringLiteral(node.expression) &&
      ts.isJsxElement(node.parent)
    ) {
      if (/\p{L}/u.test(node.expression.text)) found.push(node.expression.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found.map((text) => `${path.slice(SOURCE.length + 1)}: ${text}`);
}

it("every text that a person reads stands in a catalogue", () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".tsx"));
  expect(files.flatMap((name) => literals(join(SOURCE, name)))).toEqual([]);
});

it("files have at most 400 lines", () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((name) =>
    /(?<!schema\.d)\.tsx?$|\.css$/.test(name),
  );
  expect(files.filter((name) => readFileSync(join(SOURCE, name), "utf8").split("\n").length > 400)).toEqual([]);
});
