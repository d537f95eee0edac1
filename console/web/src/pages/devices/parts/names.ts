/** What names a device on the wire. */
export interface Named {
  productKey: string;
  deviceName: string;
}

/** Its story's route. */
export function storyOf({ productKey, deviceName }: Named): string {
  return `/devices/${encodeURIComponent(productKey)}/${encodeURIComponent(deviceName)}`;
}

export function wireOf({ productKey, deviceName }: Named): { ProductKey: string; DeviceName: string } {
  return { ProductKey: productKey, DeviceName: deviceName };
}

/** Names as somebody typed or pasted them, each once: between them stands anything that is in no name. */
export function namesIn(text: string): string[] {
  return [...new Set(text.split(/[^\w.:@-]+/).filter((name) => name !== ""))];
}

/** Pieces of at most `size`, in their order. */
export function inPieces<Item>(items: readonly Item[], size: number): Item[][] {
  const pieces: Item[][] = [];
  for (let at = 0; at < items.length; at += size) pieces.push(items.slice(at, at + size));
  return pieces;
}
