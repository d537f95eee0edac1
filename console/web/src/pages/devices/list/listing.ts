/** The filters of the page's address, and the call that they are. */
import type { Parameters } from "~/api/types";

export type Listing = Parameters<"XListDevices">;
type Get = (name: string) => string;

export const STATES = ["ONLINE", "OFFLINE", "UNACTIVE", "DISABLE"] as const;
/** Those that the second row of the filters shows. */
export const FURTHER = ["name", "version", "module", "never", "group", "tag", "quiet"] as const;

/** `site=Hamburg` is a tag's key and value, `site` any value of it. */
export function tagOf(text: string): Pick<Listing, "TagKey" | "TagValue"> {
  const [key = "", ...rest] = text.split("=");
  const value = rest.join("=").trim();
  if (key.trim() === "") return {};
  return value === "" ? { TagKey: key.trim() } : { TagKey: key.trim(), TagValue: value };
}

/** What XListDevices is asked for an address; what it does not know it leaves to the server to refuse. */
export function listingOf(get: Get): Listing {
  const quietHours = Math.trunc(Number(get("quiet"))) || 0;
  const asked: [keyof Listing, string | number | boolean][] = [
    ["ProductKey", get("product")],
    ["Text", get("text")],
    ["NamePrefix", get("name")],
    ["State", get("state")],
    ["ModuleName", get("version") !== "" || get("never") !== "" ? get("module") : ""],
    ["ReportedVersion", get("version")],
    ["NeverReported", get("never") !== ""],
    ["GroupId", get("group")],
    ["QuietHours", quietHours],
  ];
  const given = Object.fromEntries(asked.filter(([, value]) => value !== "" && value !== 0 && value !== false));
  return { ...given, ...tagOf(get("tag")) } as Listing;
}
