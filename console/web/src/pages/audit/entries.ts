/** What an entry of the audit trail says, for people. Everything in it came from callers: text, and nothing but text. */
import type { Answer } from "~/api/types";

export type Entry = Answer<"XListAuditEvents">["data"]["auditEvent"][number];

export interface Place {
  kind: "device" | "product" | "rollout" | "firmware" | "group" | "user" | "key";
  name: string;
  to: string;
}

const USER_PREFIX = "user:";

export function isPerson(actor: string): boolean {
  return actor.startsWith(USER_PREFIX);
}

/** A person's name, or the AccessKeyId. */
export function actorName(actor: string): string {
  return isPerson(actor) ? actor.slice(USER_PREFIX.length) : actor;
}

/** A JSON object's members as text, in their order; empty for what is none. */
export function membersOf(json: string): [name: string, value: string][] {
  let read: unknown;
  try {
    read = JSON.parse(json);
  } catch {
    return [];
  }
  if (typeof read !== "object" || read === null) return [];
  return Object.entries(read).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
}

/** Pages of what the entry is about. What was deleted has none. */
export function placesOf(entry: Pick<Entry, "action" | "parameters" | "objects">): Place[] {
  if (/^(X)?Delete/.test(entry.action)) return [];
  const said = new Map([...membersOf(entry.parameters), ...membersOf(entry.objects)]);
  const id = (name: string) => encodeURIComponent(said.get(name) ?? "");
  const places: Place[] = [];
  const add = (kind: Place["kind"], member: string, to: string) => {
    const name = said.get(member);
    if (name !== undefined && name !== "") places.push({ kind, name, to });
  };
  if (said.has("DeviceName") && said.has("ProductKey")) {
    add("device", "DeviceName", `/devices/${id("ProductKey")}/${id("DeviceName")}`);
  } else if (!said.has("JobId") && !said.has("FirmwareId"))
    add("product", "ProductKey", `/products/${id("ProductKey")}`);
  add("rollout", "JobId", `/rollouts/${id("JobId")}`);
  if (!said.has("JobId")) add("firmware", "FirmwareId", `/firmware/${id("FirmwareId")}`);
  add("group", "GroupId", `/groups/${id("GroupId")}`);
  if (entry.action.endsWith("ConsoleUser")) add("user", "Name", "/users");
  if (entry.action.endsWith("AccessKey"))
    add("key", said.has("UserAccessKeyId") ? "UserAccessKeyId" : "AccessKeyId", "/keys");
  return places;
}
