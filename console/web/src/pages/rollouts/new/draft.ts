/** What the wizard gathers, and the parameters that it makes. What may be asked for the server says (XPreviewOTAJob). */
import type { Answer, Parameters } from "~/api/types";
import { type Amount, type Bounds, isWithin } from "~/parts/amount";
import type { WordKey } from "~/words/catalogue";
import { isRule, type RuleDraft, ruleTarget } from "./rule";
import { isStartSound, type Start, startMsOf } from "./starting";

export type Creation = Parameters<"CreateOTAStaticUpgradeJob">;
export type Rule = Parameters<"CreateOTADynamicUpgradeJob">;
export type Preview = Parameters<"XPreviewOTAJob">;
export type Previewed = Answer<"XPreviewOTAJob">["data"];
export type Defaults = Answer<"XQueryRolloutDefaults">["data"];
export type Firmware = Answer<"QueryOTAFirmware">["firmwareInfo"];

export interface StageDraft {
  id: number;
  unit: "percent" | "count";
  upTo: Amount;
  soak: Amount;
  soakUnit: "minutes" | "hours";
  succeededPercent: Amount;
}

export interface WindowDraft {
  id: number;
  days: string[];
  start: string;
  end: string;
}

export interface Draft extends RuleDraft, Start {
  /** `DYNAMIC`: whatever matches, now and later. */
  selection: Creation["TargetSelection"] | "DYNAMIC";
  grayPercent: Amount;
  groupId: string;
  /** Names as typed or pasted: between them anything that is in no name. */
  names: string;
  list: { name: string; url: string; devices: number } | null;
  srcVersions: string[];
  isGated: boolean;
  gateLimit: Amount;
  silentMinutes: Amount;
  silentHours: Amount;
  isPaced: boolean;
  paceFirst: Amount;
  paceGrowth: Amount;
  stages: StageDraft[];
  windows: WindowDraft[];
  timeZone: string;
  timeoutMinutes: Amount;
  retryMinutes: string;
  retryCount: string;
  maximumPerMinute: Amount;
  needsConfirm: boolean;
  isOverwriting: boolean;
  /** The order of the devices: what was previewed is what goes out. */
  seed: number;
}

export const NAMES_MAX = 200; // of one call; more are a file
/** The server's bounds, said before it has to refuse; it decides all the same. */
export const BOUNDS = {
  grayPercent: { least: 0.001, most: 100, decimals: 3 },
  gateLimit: { least: 0.01, most: 50, decimals: 2 },
  silentMinutes: { least: 1, most: 1_440 },
  silentHours: { least: 1, most: 720 },
  paceFirst: { least: 1, most: 1_000_000 },
  paceGrowth: { least: 1, most: 100 },
  timeoutMinutes: { least: 1, most: 1_440 },
  maximumPerMinute: { least: 10, most: 10_000 },
} satisfies Partial<Record<keyof Draft, Bounds>>;
const SOAK_MINUTES_MAX = 43_200;
const SEED_MAX = 2 ** 31 - 1;
const MINUTES_PER_HOUR = 60;

export function newDraft(defaults: Defaults, timeZone: string, random: number): Draft {
  return {
    selection: "ALL",
    grayPercent: "",
    groupId: "",
    names: "",
    list: null,
    srcVersions: [],
    ruleBy: "VERSION",
    ruleGroupId: "",
    takesNow: true,
    isLater: false,
    startsAt: "",
    isGated: defaults.xGate === "ON",
    gateLimit: defaults.xGateLimit === undefined ? 3 : Number(defaults.xGateLimit),
    silentMinutes: defaults.xGateSilentMinutes ?? 30,
    silentHours: defaults.xGateSilentHours ?? 24,
    isPaced: defaults.xPace === "EVIDENCE",
    paceFirst: defaults.xPaceFirst ?? "",
    paceGrowth: defaults.xPaceGrowth ?? 5,
    stages: [],
    windows: [],
    timeZone,
    timeoutMinutes: "",
    retryMinutes: "",
    retryCount: "2",
    maximumPerMinute: "",
    needsConfirm: false,
    isOverwriting: false,
    seed: 1 + Math.floor(random * (SEED_MAX - 1)),
  };
}

export const PRESETS = ["careful", "paced", "atOnce"] as const;
export type Preset = (typeof PRESETS)[number];

/** What a preset changes. */
export function presetOf(preset: Preset): Pick<Draft, "stages" | "isPaced"> {
  if (preset !== "careful") return { stages: [], isPaced: preset === "paced" };
  const stage = { unit: "percent", succeededPercent: 50 } as const;
  return {
    isPaced: true,
    stages: [
      { ...stage, id: 1, upTo: 1, soak: 60, soakUnit: "minutes" },
      { ...stage, id: 2, upTo: 10, soak: 4, soakUnit: "hours" },
    ],
  };
}

/** Which preset the draft is; null for one that somebody made up. */
export function presetIn(draft: Draft): Preset | null {
  const bare = (stages: StageDraft[]) => JSON.stringify(stages.map(({ id: _, ...stage }) => stage));
  return (
    PRESETS.find((preset) => {
      const { stages, isPaced } = presetOf(preset);
      return isPaced === draft.isPaced && bare(stages) === bare(draft.stages);
    }) ?? null
  );
}

/** An id for one more row. */
export function nextId(rows: { id: number }[]): number {
  return Math.max(0, ...rows.map((row) => row.id)) + 1;
}

export function namesOf(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter((name) => name !== ""))];
}

/** Everybody at once: neither a pace nor stages. */
export function isAtOnce(draft: Draft): boolean {
  return !draft.isPaced && draft.stages.length === 0;
}

/** Whom the job is for, as a preview is asked; null while that is not said yet. */
export function targetOf(firmware: Firmware, draft: Draft): Omit<Preview, "FirmwareId" | "ProductKey"> | null {
  return isRule(draft) ? ruleTarget(firmware, draft) : staticTarget(draft);
}

function staticTarget(draft: Draft): Omit<Creation, "FirmwareId" | "ProductKey"> | null {
  const versions = draft.srcVersions.length > 0 ? { SrcVersion: draft.srcVersions } : {};
  if (draft.selection === "ALL") return { TargetSelection: "ALL", ...versions };
  if (draft.selection === "GRAY") {
    return draft.grayPercent === "" || !isWithin(draft.grayPercent, BOUNDS.grayPercent)
      ? null
      : { TargetSelection: "GRAY", GrayPercent: String(draft.grayPercent), ...versions };
  }
  if (draft.selection === "GROUP") {
    return draft.groupId === ""
      ? null
      : { TargetSelection: "GROUP", GroupId: draft.groupId, GroupType: "LINK_PLATFORM" };
  }
  const names = namesOf(draft.names);
  if (draft.list !== null) return { TargetSelection: "SPECIFIC", DnListFileUrl: draft.list.url };
  return names.length === 0 || names.length > NAMES_MAX
    ? null
    : { TargetSelection: "SPECIFIC", TargetDeviceName: names };
}

function given<Name extends string>(name: Name, amount: Amount): { [N in Name]?: number } {
  return (amount === "" ? {} : { [name]: amount }) as { [N in Name]?: number };
}

/** How carefully the job goes out. */
export function careOf(draft: Draft): Partial<Creation> {
  return {
    ...(draft.isGated
      ? {
          XGate: "ON" as const,
          ...(draft.gateLimit === "" ? {} : { XGateLimit: String(draft.gateLimit) }),
          ...given("XGateSilentMinutes", draft.silentMinutes),
          ...given("XGateSilentHours", draft.silentHours),
        }
      : { XGate: "OFF" as const }),
    ...(draft.isPaced
      ? {
          XPace: "EVIDENCE" as const,
          ...given("XPaceFirst", draft.paceFirst),
          ...given("XPaceGrowth", draft.paceGrowth),
        }
      : { XPace: "NONE" as const }),
    ...(draft.stages.length > 0 ? { XStages: draft.stages.map(stageOf) } : {}),
    ...(draft.windows.length > 0
      ? {
          XWindows: draft.windows.map(({ days, start, end }) => ({ Days: days.join(","), Start: start, End: end })),
          XTimeZone: draft.timeZone,
        }
      : {}),
    ...given("TimeoutInMinutes", draft.timeoutMinutes),
    ...(draft.retryMinutes === ""
      ? {}
      : {
          RetryInterval: Number(draft.retryMinutes) as NonNullable<Creation["RetryInterval"]>,
          RetryCount: Number(draft.retryCount) as NonNullable<Creation["RetryCount"]>,
        }),
    ...given("MaximumPerMinute", draft.maximumPerMinute),
    ...(draft.needsConfirm ? { NeedConfirm: true } : {}),
    ...(draft.isOverwriting ? { OverwriteMode: 2 as const } : {}),
  };
}

function stageOf(stage: StageDraft) {
  const soak = stage.soak === "" ? 0 : stage.soak;
  return {
    ...(stage.unit === "percent" ? { Percent: String(stage.upTo) } : given("Count", stage.upTo)),
    SoakMinutes: stage.soakUnit === "hours" ? soak * MINUTES_PER_HOUR : soak,
    ...given("SucceededPercent", stage.succeededPercent),
  };
}

/** All of a static job, without a ClientToken; null while the target is not said yet. */
export function creationOf(firmware: Firmware, draft: Draft): Creation | null {
  const target = staticTarget(draft);
  if (target === null || isRule(draft)) return null;
  const startMs = startMsOf(draft);
  return {
    FirmwareId: firmware.firmwareId,
    ProductKey: firmware.productKey,
    ...target,
    ...careOf(draft),
    ...(isAtOnce(draft) ? {} : { XSeed: draft.seed }),
    ...(startMs === null ? {} : { ScheduleTime: startMs }),
  };
}

/** All of a dynamic job, without a ClientToken; null while the rule is not said yet. */
export function ruleOf(firmware: Firmware, draft: Draft): Rule | null {
  const target = ruleTarget(firmware, draft);
  if (target === null) return null;
  const { TargetSelection: _, ...whom } = target;
  return {
    FirmwareId: firmware.firmwareId,
    ProductKey: firmware.productKey,
    ...(whom as Pick<Rule, "GroupId" | "GroupType" | "SrcVersion">),
    DynamicMode: draft.takesNow ? 1 : 2,
    ...careOf(draft),
  };
}

/** What the last step shows is asked with this. */
export function previewOf(firmware: Firmware, draft: Draft): Preview | null {
  const target = targetOf(firmware, draft);
  if (target === null) return null;
  const ids = { FirmwareId: firmware.firmwareId, ProductKey: firmware.productKey };
  const made = creationOf(firmware, draft) ?? { ...ids, ...target, ...careOf(draft) };
  return { ...made, XSeed: draft.seed };
}

export function boundsOf(stage: StageDraft): Record<"upTo" | "soak" | "succeededPercent", Bounds> {
  const isPercent = stage.unit === "percent";
  return {
    upTo: isPercent ? { least: 0.001, most: 100, decimals: 3 } : { least: 1, most: 10_000_000 },
    soak: { least: 0, most: stage.soakUnit === "hours" ? SOAK_MINUTES_MAX / MINUTES_PER_HOUR : SOAK_MINUTES_MAX },
    succeededPercent: { least: 1, most: 100 },
  };
}

/** Whether each number that counts is one that the server takes. */
function hasSoundNumbers(draft: Draft): boolean {
  const names: (keyof typeof BOUNDS)[] = [
    ...(draft.isGated ? (["gateLimit", "silentMinutes", "silentHours"] as const) : []),
    ...(draft.isPaced ? (["paceFirst", "paceGrowth"] as const) : []),
    "timeoutMinutes",
    "maximumPerMinute",
  ];
  return (
    names.every((name) => isWithin(draft[name], BOUNDS[name])) &&
    draft.stages.every((stage) =>
      Object.entries(boundsOf(stage)).every(([name, bounds]) => isWithin(stage[name as "upTo"], bounds)),
    )
  );
}

/** What the care step still lacks, in the order of the page. */
export function careFaults(draft: Draft, nowMs: number): WordKey[] {
  const faults: WordKey[] = [];
  if (!isRule(draft) && !isStartSound(draft, nowMs)) faults.push("wizard.fault.start");
  if (!hasSoundNumbers(draft)) faults.push("wizard.fault.number");
  if (draft.stages.some((stage) => stage.upTo === "")) faults.push("wizard.fault.stageEmpty");
  const shares = draft.stages.filter((stage) => stage.unit === "percent").map((stage) => Number(stage.upTo));
  const counts = draft.stages.filter((stage) => stage.unit === "count").map((stage) => Number(stage.upTo));
  if (!isAscending(shares) || !isAscending(counts)) faults.push("wizard.fault.stageOrder");
  if (draft.windows.some((one) => one.days.length === 0)) faults.push("wizard.fault.windowDays");
  if (draft.windows.some((one) => one.start === "" || one.end === "")) faults.push("wizard.fault.windowTimes");
  return faults;
}

function isAscending(values: number[]): boolean {
  return values.every((value, index) => index === 0 || value > (values[index - 1] ?? 0));
}

/** Devices that are told: those in conflict get a task too, which fails at once. */
export function toldOf(preview: Previewed): number {
  return preview.targets - preview.inConflict;
}

/** Devices that are told as soon as it is made; of a rule for later ones none. */
export function toldNow(draft: Draft, preview: Previewed): number {
  return isRule(draft) && !draft.takesNow ? 0 : toldOf(preview);
}

/** What somebody ought to know before the job is made. */
export function warningsOf(draft: Draft, preview: Previewed, asksApproval = false): WordKey[] {
  const warnings: [WordKey, boolean][] = [
    ["wizard.warn.nobody", toldOf(preview) === 0 && !isRule(draft)],
    ["wizard.warn.atOnce", isAtOnce(draft) && toldNow(draft, preview) > 1],
    ["wizard.warn.noGate", !draft.isGated],
    ["wizard.warn.conflict", preview.inConflict > 0],
    ["wizard.warn.offline", preview.targets > 0 && preview.offline * 2 > preview.targets],
    ["wizard.warn.confirm", draft.needsConfirm],
    ["wizard.warn.approval", asksApproval],
  ];
  return warnings.filter(([, holds]) => holds).map(([key]) => key);
}
