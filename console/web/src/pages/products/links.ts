/** Routes to the rows behind a number. */
export function devicesAt(productKey: string, version: string, moduleName = "default"): string {
  const query = new URLSearchParams({ product: productKey, version });
  if (moduleName !== "default") query.set("module", moduleName);
  return `/devices?${query}`;
}
