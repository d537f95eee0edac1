/** An account's rollout defaults, as the form holds them and as the wire takes them. */
import type { Answer, Parameters } from "~/api/types";

export type Defaults = Answer<"XQueryRolloutDefaults">["data"];
type Sent = Parameters<"XUpdateRolloutDefaults">;

/** This release's own, for switching on what was off: XUpdateRolloutDefaults, rule 1. */
const GATE = { limit: 3, silentMinutes: 30, silentHours: 24 } as const;
const GROWTH = 5;

/** The server's bounds, shown before it has to refuse; it decides all the same. */
export const BOUNDS = {
  limit: [0.01, 50],
  silentMinutes: [1, 1_440],
  silentHours: [1, 720],
  first: [1, 1_000_000],
  growth: [1, 100],
} as const;

export interface DefaultsForm {
  hasGate: boolean;
  limit: number | string;
  silentMinutes: number | string;
  silentHours: number | string;
  hasPace: boolean;
  /** Empty: the smaller of 100 devices and 1 %. */
  first: number | string;
  growth: number | string;
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
  const isWithin = (name: keyof typeof BOUNDS) => {
    const [least, most] = BOUNDS[name];
    return form[name] !== "" && Number(form[name]) >= least && Number(form[name]) <= most;
  };
  return needed.find((name) => !isWithin(name)) ?? null;
}
