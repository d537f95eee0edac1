/**
 * As much Markdown as our how-to pages use, as values: headings, paragraphs, lists, tables, code; in a line code, bold,
 * stressed words and links. What it does not know stays text. Nothing becomes HTML.
 */
export type Block =
  | { kind: "heading"; level: number; text: string }
  | { kind: "paragraph"; text: string }
  | { kind: "list"; isNumbered: boolean; items: string[] }
  | { kind: "table"; head: string[]; rows: string[][] }
  | { kind: "code"; text: string };

export type Span =
  | { kind: "text" | "code" | "bold" | "stressed"; text: string }
  | { kind: "link"; text: string; to: string };

const SPANS = /(`[^`]+`|\*\*[^*]+\*\*|\*[^*\s][^*]*\*|\[[^\]]+\]\([^)\s]+\))/;
const ITEM = /^(?:[-*]|(\d+)\.)\s+(.*)$/;

export function blocksOf(markdown: string): Block[] {
  const lines = markdown.split(/\r?\n/);
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const [block, next] = blockAt(lines, at);
    if (block !== null) blocks.push(block);
    at = next;
  }
  return blocks;
}

export function spansOf(text: string): Span[] {
  return text
    .split(SPANS)
    .filter((part) => part !== "")
    .map((part) => {
      const link = /^\[([^\]]+)\]\(([^)\s]+)\)$/.exec(part);
      if (link) return { kind: "link", text: (link[1] ?? "").replace(/`/g, ""), to: link[2] ?? "" };
      if (/^`[^`]+`$/.test(part)) return { kind: "code", text: part.slice(1, -1) };
      if (/^\*\*[^*]+\*\*$/.test(part)) return { kind: "bold", text: part.slice(2, -2) };
      if (/^\*[^*]+\*$/.test(part)) return { kind: "stressed", text: part.slice(1, -1) };
      return { kind: "text", text: part };
    });
}

function blockAt(lines: string[], at: number): [Block | null, number] {
  const line = lines[at] ?? "";
  if (line.trim() === "") return [null, at + 1];
  if (line.startsWith("```")) return codeAt(lines, at);
  const heading = /^(#{1,6})\s+(.*)$/.exec(line);
  if (heading) return [{ kind: "heading", level: heading[1]?.length ?? 1, text: heading[2] ?? "" }, at + 1];
  if (line.startsWith("|")) return tableAt(lines, at);
  if (ITEM.test(line)) return listAt(lines, at);
  const end = endOf(lines, at + 1, (next) => next.trim() === "" || /^(#|\||```)/.test(next) || ITEM.test(next));
  return [{ kind: "paragraph", text: joined(lines.slice(at, end)) }, end];
}

function codeAt(lines: string[], at: number): [Block, number] {
  const end = endOf(lines, at + 1, (line) => line.startsWith("```"));
  return [{ kind: "code", text: lines.slice(at + 1, end).join("\n") }, end + 1];
}

function tableAt(lines: string[], at: number): [Block, number] {
  const end = endOf(lines, at, (line) => !line.startsWith("|"));
  const rows = lines.slice(at, end).map((line) =>
    line
      .trim()
      .replace(/^\||\|$/g, "")
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  );
  const body = rows.slice(1).filter((row) => !row.every((cell) => /^:?-+:?$/.test(cell)));
  return [{ kind: "table", head: rows[0] ?? [], rows: body }, end];
}

function listAt(lines: string[], at: number): [Block, number] {
  const end = endOf(lines, at + 1, (line) => line.trim() === "" || !(ITEM.test(line) || /^\s/.test(line)));
  const items: string[] = [];
  for (const line of lines.slice(at, end)) {
    const item = ITEM.exec(line);
    if (item) items.push(item[2] ?? "");
    else items[items.length - 1] = joined([items.at(-1) ?? "", line]);
  }
  return [{ kind: "list", isNumbered: /^\d/.test(lines[at] ?? ""), items }, end];
}

function endOf(lines: string[], from: number, isEnd: (line: string) => boolean): number {
  const found = lines.slice(from).findIndex(isEnd);
  return found === -1 ? lines.length : from + found;
}

function joined(lines: string[]): string {
  return lines.map((line) => line.trim()).join(" ");
}
