/** Numbers as somebody types them: what a text stands for, and what may follow a number. */

/** A number field as its input has it: empty while nothing is typed. */
export type Amount = number | "";

export interface Bounds {
  least: number;
  most: number;
  /** Digits behind the point; none unless said. */
  decimals?: number;
}

const DIGITS_MAX = 12;

/** The number that a text stands for, with a point or a comma; null for what is no number, or one too fine. */
export function amountOf(text: string, { decimals = 0 }: Bounds): Amount | null {
  const plain = text.normalize("NFKC").trim().replace(",", ".");
  const found = /^(\d*)(\.\d*)?$/.exec(plain);
  if (found === null) return null;
  const [, whole = "", rest = ""] = found;
  if (whole.length > DIGITS_MAX || rest.length > (decimals === 0 ? 0 : decimals + 1)) return null;
  return whole === "" && rest.length < 2 ? "" : Number(plain);
}

/** Nothing is within its bounds too: whether something is needed says the form. */
export function isWithin(amount: Amount, { least, most }: Bounds): boolean {
  return amount === "" || (amount >= least && amount <= most);
}

/** One up or down, as the arrow keys go; never out of the bounds, and from nothing to the least. */
export function stepped(amount: Amount, by: 1 | -1, { least, most, decimals = 0 }: Bounds): number {
  if (amount === "") return least;
  const next = Number((amount + by).toFixed(decimals));
  return Math.min(most, Math.max(least, next));
}
