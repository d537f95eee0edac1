import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { blocksOf, spansOf } from "~/parts/markdown";

const HOW_TO = new URL("../../../docs/how-to/", import.meta.url);

it("reads the blocks of a page", () => {
  const text =
    "# A\n\nOne\ntwo.\n\n- x\n  y\n- z\n\n1. n\n\n| a | b |\n|---|---|\n| 1 | `2` |\n\n```sh\n# no heading\n```\n";
  expect(blocksOf(text)).toEqual([
    { kind: "heading", level: 1, text: "A" },
    { kind: "paragraph", text: "One two." },
    { kind: "list", isNumbered: false, items: ["x y", "z"] },
    { kind: "list", isNumbered: true, items: ["n"] },
    { kind: "table", head: ["a", "b"], rows: [["1", "`2`"]] },
    { kind: "code", text: "# no heading" },
  ]);
});

it("reads code, bold and links in a line, and leaves the rest as text", () => {
  expect(spansOf("a `b` **c** *f* [d](e.md) <b>")).toEqual([
    { kind: "text", text: "a " },
    { kind: "code", text: "b" },
    { kind: "text", text: " " },
    { kind: "bold", text: "c" },
    { kind: "text", text: " " },
    { kind: "stressed", text: "f" },
    { kind: "text", text: " " },
    { kind: "link", text: "d", to: "e.md" },
    { kind: "text", text: " <b>" },
  ]);
});

it("comes to an end on a page that breaks off", () => {
  for (const text of ["```", "|", "- ", "#", "1.", "[x](", "**"]) expect(blocksOf(text).length).toBeLessThanOrEqual(1);
});

it("loses no line of our how-to pages' code, and leaves no mark of Markdown in their text", () => {
  for (const name of readdirSync(HOW_TO).filter((one) => one.endsWith(".md"))) {
    const blocks = blocksOf(readFileSync(new URL(name, HOW_TO), "utf8"));
    expect(blocks[0]?.kind, name).toBe("heading");
    const left = blocks.flatMap((block) => ("text" in block && block.kind !== "code" ? spansOf(block.text) : []));
    expect(
      left.filter((span) => span.kind === "text" && /```|\]\(|^\|/.test(span.text)),
      name,
    ).toEqual([]);
  }
});

it("every page that a header names is there, and is built", () => {
  const source = new URL("../src/", import.meta.url);
  const built = readFileSync(new URL("parts/HowTo.tsx", source), "utf8");
  const pages = readdirSync(HOW_TO);
  for (const file of readdirSync(source, { recursive: true, encoding: "utf8" }).filter((one) => one.endsWith(".tsx"))) {
    for (const [, page] of readFileSync(new URL(file, source), "utf8").matchAll(/howTo="([^"]*)"/g)) {
      expect(pages, file).toContain(`${page}.md`);
      const covering = page?.startsWith("console-") ? "console-*" : page;
      expect(built, file).toContain(`/how-to/${covering}.md`);
    }
  }
});
