import type { Catalogue, WordKey } from "./catalogue";

export type Values = Readonly<Record<string, string | number>>;

/** A text with its `{names}` filled in. Numbers are written as the language writes them. */
export function translate(catalogue: Catalogue, locale: string, key: WordKey, values: Values = {}): string {
  return pieces(catalogue, locale, key, values)
    .map((piece) => (typeof piece === "string" ? piece : piece.written))
    .join("");
}

export interface Filled {
  name: string;
  written: string;
}

/** The same in pieces: plain text, and what stands at a `{name}`. */
export function pieces(catalogue: Catalogue, locale: string, key: WordKey, values: Values = {}): (string | Filled)[] {
  const text =
    catalogue[key] ?? catalogue[`${key}_${plural(locale, values.count)}`] ?? catalogue[`${key}_other`] ?? key;
  return text.split(/(\{\w+\})/).map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) return part;
    const value = values[name] ?? "";
    return { name, written: typeof value === "number" ? new Intl.NumberFormat(locale).format(value) : value };
  });
}

function plural(locale: string, count: string | number | undefined): string {
  return new Intl.PluralRules(locale).select(Number(count ?? 0)) === "one" ? "one" : "other";
}
