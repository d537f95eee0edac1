import type { Overview } from "./steps";

export type Attention = Overview["attention"][number];

/** Where something can be done about it. */
export function placeOf(item: Attention): string {
  if (item.jobId) return `/rollouts/${item.jobId}`;
  if (item.firmwareId) return `/firmware/${item.firmwareId}`;
  return `/products/${item.productKey}`;
}

/**
 * The live items, and of the slower look at the fleet's health what only that one finds. The server puts the most
 * urgent first: what is conspicuous comes right behind what is halted.
 */
export function withHealth(live: Attention[], looked: Attention[] | undefined): Attention[] {
  const halted = live.filter((item) => item.kind === "JOB_HALTED");
  const found = (looked ?? []).filter((item) => item.kind === "UPGRADE_CONSPICUOUS");
  return [...halted, ...found, ...live.filter((item) => item.kind !== "JOB_HALTED")];
}
