/** An account's rollout defaults, as the form holds them and as the wire takes them. */
import type { Answer, Parameters } from "~/api/types";
import { type Amount, type Bounds, isWithin } from "~/parts/amount";

export type Defaults = Answer<"XQueryRolloutDefaults">["data"];
type Sent = Parameters<"XUpdateRolloutDefaults">;

/** This release's own, for switching on what was off: XUpdateRolloutDefaults, rule 1. */
const GATE = { limit: 3, silentMinutes: 30, silentHours: 24 } as const;
const GROWTH = 5;

/** The server's bounds, shown before it has to refuse; it decides all the same. */
export const BOUNDS = {
  limit: { least: 0.01, most: 50, decimals: 2 },
  silentMinutes: { least: 1, most: 1_440 },
  silentHours: { least: 1, most: 720 },
  first: { least: 1, most: 1_000_000 },
  growth: { least: 1, most: 100 },
} satisfies Record<string, Bounds>;

export interface DefaultsForm {
  hasGate: boolean;
  limit: Amount;
  silentMinutes: Amount;
  silentHours: Amount;
  hasPace: boolean;
  /** Empty: the smaller of 100 devices and 1 %. */
  first: Amount;
  growth: Amount;
}

export function formOf(data: Defaults): DefaultsForm {
  return {
    hasGate: data.xGate === "ON",
    limit: data.xGateLimit === undefined ? GATE.limit : Number(data.xGateLimit),
    silentMinutes: data.xGateSilentMinutes ?? GATE.silentMinutes,
    silentHours: data.xGateSilentHours ?? GATE.silentHours,
    hasPace: data.xPace === "EVIDENCE",
    first: data.xPaceFirst ?? "",
    growth: data.xPaceGrowth ?? GROWTH,
  };
}

/** All of it, for the call replaces all. What belongs to a switch that is off is left out. */
export function sentOf(form: DefaultsForm): Sent {
  const gate: Sent = form.hasGate
    ? {
        XGate: "ON",
        XGateLimit: String(form.limit),
        XGateSilentMinutes: Number(form.silentMinutes),
        XGateSilentHours: Number(form.silentHours),
      }
    : { XGate: "OFF" };
  const pace: Sent = form.hasPace
    ? {
        XPace: "EVIDENCE",
        ...(form.first === "" ? {} : { XPaceFirst: Number(form.first) }),
        XPaceGrowth: Number(form.growth),
      }
    : { XPace: "NONE" };
  return { ...gate, ...pace };
}

/** The first number that is missing or out of its bounds; null when all can be sent. */
export function faultOf(form: DefaultsForm): keyof typeof BOUNDS | null {
  const needed: (keyof typeof BOUNDS)[] = [
    ...(form.hasGate ? (["limit", "silentMinutes", "silentHours"] as const) : []),
    ...(form.hasPace ? (["growth"] as const) : []),
    ...(form.hasPace && form.first !== "" ? (["first"] as const) : []),
  ];
  return needed.find((name) => form[name] === "" || !isWithin(form[name], BOUNDS[name])) ?? null;
}
