import type { Overview } from "./steps";

export interface VersionRow {
  /** `other`: all versions that are not among the most frequent; `never`: devices that reported none. */
  kind: "version" | "other" | "never";
  version: string;
  count: number;
}

/** The bars of one product: the most frequent version first, then what has no name. */
export function versionRows(product: Overview["products"][number]): VersionRow[] {
  const rows: VersionRow[] = product.versions.map(({ version, count }) => ({ kind: "version", version, count }));
  if (product.otherCount > 0) rows.push({ kind: "other", version: "", count: product.otherCount });
  if (product.neverReportedCount > 0) rows.push({ kind: "never", version: "", count: product.neverReportedCount });
  return rows;
}
