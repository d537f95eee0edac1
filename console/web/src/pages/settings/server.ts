import type { Session } from "~/api/types";

/** Whether links that the server makes lead to another origin than the page came from. */
export function isElsewhere(publicUrl: string, here: string): boolean {
  try {
    return new URL(publicUrl).origin !== new URL(here).origin;
  } catch {
    return false;
  }
}

/** Where devices connect, as their settings take it. */
export function mqttAddress({ host, port, hasTls }: NonNullable<Session["server"]["mqtt"]>): string {
  return `${hasTls ? "mqtts" : "mqtt"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
