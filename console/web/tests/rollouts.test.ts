import { describe, expect, it } from "vitest";
import {
  BOUNDS,
  boundsOf,
  careFaults,
  careOf,
  creationOf,
  type Draft,
  type Firmware,
  isAtOnce,
  namesOf,
  newDraft,
  nextId,
  presetIn,
  presetOf,
  previewOf,
  ruleOf,
  targetOf,
  toldNow,
  toldOf,
  warningsOf,
} from "~/pages/rollouts/new/draft";
import { isStartSound, localText } from "~/pages/rollouts/new/starting";
import { DAYS, minuteOf, percentOf, stretchesOf } from "~/pages/rollouts/new/week";
import {
  cancelFlags,
  cancelled,
  curvesOf,
  haltIn,
  movesOf,
  personIn,
  type Rollout,
  reasonWords,
} from "~/pages/rollouts/one/reading";
import { bandsOf, openOf, STATUSES, stateOf, totalOf } from "~/pages/rollouts/parts/counts";
import type { Amount } from "~/parts/amount";

const DEFAULTS = {
  xGate: "ON",
  xGateLimit: "2.5",
  xGateSilentMinutes: 20,
  xGateSilentHours: 12,
  xPace: "NONE",
  isOwn: true,
  xApproval: "OFF",
};
const NOW_MS = Date.UTC(2026, 0, 2, 12);
const FIRMWARE = { firmwareId: "1001", productKey: "kabcdefgh01", destVersion: "2.0.0" } as Firmware;
const COUNTS = { confirm: 1, queued: 2, notified: 4, inProgress: 8, succeeded: 16, failed: 32, canceled: 64 };
const stage = (unit: "percent" | "count", upTo: Amount) =>
  ({ id: 1, unit, upTo, soak: 60, soakUnit: "minutes", succeededPercent: 50 }) as const;

function draft(changes: Partial<Draft> = {}): Draft {
  return { ...newDraft(DEFAULTS, "Europe/Berlin", 0.5), ...changes };
}

function rollout(state: string, stages: string[] = []): Rollout {
  const stage = stages.map((each, index) => ({ number: index + 1, state: each, devices: 1, untilDevice: index + 1 }));
  return { state, jobStatus: state === "PLANNED" ? "PLANNED" : "IN_PROGRESS", stages: { stage } } as unknown as Rollout;
}

describe("a draft", () => {
  it("begins as the account's defaults say", () => {
    expect(careOf(draft())).toEqual({
      XGate: "ON",
      XGateLimit: "2.5",
      XGateSilentMinutes: 20,
      XGateSilentHours: 12,
      XPace: "NONE",
    });
  });

  it("says whom it is for only when that is said", () => {
    expect(targetOf(FIRMWARE, draft({ selection: "GRAY" }))).toBeNull();
    expect(targetOf(FIRMWARE, draft({ selection: "GRAY", grayPercent: 12.5 }))).toMatchObject({ GrayPercent: "12.5" });
    expect(targetOf(FIRMWARE, draft({ selection: "GROUP" }))).toBeNull();
    expect(targetOf(FIRMWARE, draft({ selection: "SPECIFIC", names: "a b,a\nc" }))).toMatchObject({
      TargetDeviceName: ["a", "b", "c"],
    });
  });

  it("takes 200 names of a call, and no more", () => {
    const names = (count: number) => Array.from({ length: count }, (_, index) => `d${index}`).join("\n");
    expect(targetOf(FIRMWARE, draft({ selection: "SPECIFIC", names: names(200) }))).not.toBeNull();
    expect(targetOf(FIRMWARE, draft({ selection: "SPECIFIC", names: names(201) }))).toBeNull();
    expect(namesOf(" ,; \n")).toEqual([]);
  });

  it("a file stands instead of names, and source versions only where they may", () => {
    const list = { name: "a.csv", url: "http://x/a.csv", devices: 3 };
    expect(targetOf(FIRMWARE, draft({ selection: "SPECIFIC", names: "a", list, srcVersions: ["1"] }))).toEqual({
      TargetSelection: "SPECIFIC",
      DnListFileUrl: "http://x/a.csv",
    });
    expect(targetOf(FIRMWARE, draft({ srcVersions: ["1.0"] }))).toEqual({
      TargetSelection: "ALL",
      SrcVersion: ["1.0"],
    });
  });

  it("each preset is recognised, and what differs from all is none", () => {
    for (const preset of ["careful", "paced", "atOnce"] as const) {
      expect(presetIn(draft(presetOf(preset)))).toBe(preset);
    }
    expect(presetIn(draft({ isPaced: true, stages: [stage("count", 4)] }))).toBeNull();
  });

  it("gives hours as minutes, counts as counts, and a seed only to what has an order", () => {
    const hours = { ...stage("percent", 10), soak: 4, soakUnit: "hours" } as const;
    const made = creationOf(FIRMWARE, draft({ stages: [stage("count", 3), hours] }));
    expect(made?.XStages).toEqual([
      { Count: 3, SoakMinutes: 60, SucceededPercent: 50 },
      { Percent: "10", SoakMinutes: 240, SucceededPercent: 50 },
    ]);
    expect(made?.XSeed).toBe(draft().seed);
    expect(isAtOnce(draft())).toBe(true);
    expect(creationOf(FIRMWARE, draft())).not.toHaveProperty("XSeed");
  });

  it("seeds are within the server's bounds", () => {
    expect(newDraft(DEFAULTS, "UTC", 0).seed).toBe(1);
    expect(newDraft(DEFAULTS, "UTC", 0.9999999999999999).seed).toBeLessThanOrEqual(2 ** 31 - 1);
  });

  it("names what the care step lacks", () => {
    expect(careFaults(draft({ stages: [stage("percent", "")] }), NOW_MS)).toEqual(["wizard.fault.stageEmpty"]);
    expect(careFaults(draft({ stages: [stage("percent", 5), stage("percent", 5)] }), NOW_MS)).toEqual([
      "wizard.fault.stageOrder",
    ]);
    expect(careFaults(draft({ windows: [{ id: 1, days: [], start: "", end: "05:00" }] }), NOW_MS)).toHaveLength(2);
    expect(nextId([{ id: 3 }, { id: 1 }])).toBe(4);
  });

  it("says when a number is out of the server's bounds, and only of those that count", () => {
    for (const [name, { least, most }] of Object.entries(BOUNDS)) {
      const faults = [least - 1, least, most, most + 1].map((value) => {
        const changed = draft({ isGated: true, isPaced: true, selection: "GRAY", grayPercent: 1, [name]: value });
        return careFaults(changed, NOW_MS).length > 0 || targetOf(FIRMWARE, changed) === null;
      });
      expect(faults, name).toEqual([true, false, false, true]);
    }
    expect(careFaults(draft({ isPaced: false, paceGrowth: 0 }), NOW_MS)).toEqual([]);
    const soak = { ...stage("percent", 5), soak: 721, soakUnit: "hours" as const };
    expect(careFaults(draft({ stages: [soak] }), NOW_MS)).toEqual(["wizard.fault.number"]);
    expect(boundsOf(soak).soak.most).toBe(720);
  });

  it("begins at a local time from 5 minutes to 7 days ahead", () => {
    const minute = 60_000;
    for (const [aheadMs, isSound] of [
      [5 * minute - 1, false],
      [5 * minute, true],
      [7 * 1_440 * minute, true],
      [7 * 1_440 * minute + 1, false],
    ] as const) {
      const start = { isLater: true, startsAt: localText(NOW_MS) };
      expect(isStartSound(start, NOW_MS - aheadMs), String(aheadMs)).toBe(isSound);
    }
    const later = draft({ isLater: true, startsAt: localText(NOW_MS) });
    expect(creationOf(FIRMWARE, later)?.ScheduleTime).toBe(NOW_MS);
    expect(previewOf(FIRMWARE, later)?.ScheduleTime).toBe(NOW_MS);
    expect(creationOf(FIRMWARE, { ...later, isLater: false })).not.toHaveProperty("ScheduleTime");
    for (const startsAt of ["", "2026-01-02", "soon"]) {
      expect(careFaults(draft({ isLater: true, startsAt }), NOW_MS), startsAt).toEqual(["wizard.fault.start"]);
    }
  });

  it("of whatever matches is a rule: by versions or by a dynamic group, and never one that starts later", () => {
    const rule = draft({ selection: "DYNAMIC", isLater: true, startsAt: "" });
    expect(ruleOf(FIRMWARE, rule)).toBeNull();
    expect(targetOf(FIRMWARE, rule)).toBeNull();
    expect(careFaults(rule, NOW_MS)).toEqual([]);
    const byVersion = { ...rule, srcVersions: ["1.0"], takesNow: false };
    expect(ruleOf(FIRMWARE, byVersion)).toMatchObject({ SrcVersion: ["1.0"], DynamicMode: 2, XGate: "ON" });
    expect(targetOf(FIRMWARE, byVersion)).toEqual({ TargetSelection: "ALL", SrcVersion: ["1.0"] });
    expect(creationOf(FIRMWARE, byVersion)).toBeNull();
    const byGroup = { ...rule, ruleBy: "GROUP" as const, ruleGroupId: "g1", srcVersions: ["1.0"] };
    const made = ruleOf(FIRMWARE, byGroup);
    expect(made).toMatchObject({ GroupId: "g1", GroupType: "LINK_PLATFORM_DYNAMIC", DynamicMode: 1 });
    for (const name of ["SrcVersion", "TargetSelection", "ScheduleTime", "XSeed"]) {
      expect(made).not.toHaveProperty(name);
    }
    const difference = { ...FIRMWARE, type: 1, srcVersion: "1.9" } as Firmware;
    expect(ruleOf(difference, rule)).toMatchObject({ SrcVersion: ["1.9"] });
  });

  it("tells nobody now when it is a rule for later ones", () => {
    const preview = { targets: 10, inConflict: 3 } as Parameters<typeof toldOf>[0];
    expect(toldNow(draft({ takesNow: false }), preview)).toBe(7);
    expect(toldNow(draft({ selection: "DYNAMIC" }), preview)).toBe(7);
    expect(toldNow(draft({ selection: "DYNAMIC", takesNow: false }), preview)).toBe(0);
  });

  it("warns of what somebody ought to know", () => {
    const preview = { targets: 10, inConflict: 3, offline: 6 } as Parameters<typeof toldOf>[0];
    expect(toldOf(preview)).toBe(7);
    expect(warningsOf(draft({ isGated: false }), preview)).toEqual([
      "wizard.warn.atOnce",
      "wizard.warn.noGate",
      "wizard.warn.conflict",
      "wizard.warn.offline",
    ]);
    const calm = { ...preview, inConflict: 0, offline: 0 };
    expect(warningsOf(draft(presetOf("careful")), calm)).toEqual([]);
    const two = { ...DEFAULTS, xApproval: "ON" };
    expect(warningsOf({ ...newDraft(two, "UTC", 0), ...presetOf("careful") }, calm, true)).toEqual([
      "wizard.warn.approval",
    ]);
  });
});

describe("a week of windows", () => {
  it("goes on over midnight, and from Sunday to Monday", () => {
    expect(stretchesOf([{ days: ["SUN"], start: "22:00", end: "05:00" }])).toEqual([
      { day: 6, fromMinute: 1320, untilMinute: 1440 },
      { day: 0, fromMinute: 0, untilMinute: 300 },
    ]);
  });

  it("a window that ends when it begins lasts a day, and one until midnight has no rest", () => {
    expect(stretchesOf([{ days: ["MON"], start: "00:00", end: "00:00" }])).toEqual([
      { day: 0, fromMinute: 0, untilMinute: 1440 },
    ]);
    expect(stretchesOf([{ days: ["ALL"], start: "12:00", end: "13:00" }])).toHaveLength(DAYS.length);
  });

  it("reads times as they are written, and nothing else", () => {
    expect([minuteOf("23:59"), minuteOf("24:00"), minuteOf("7:00"), minuteOf("")]).toEqual([1439, null, null, null]);
    expect(percentOf(360)).toBe(25);
  });
});

describe("the state of a job", () => {
  const counts = { confirm: 0, queued: 0, notified: 0, inProgress: 0, succeeded: 3, failed: 0, canceled: 0 };
  const job = { state: "ENDED", jobStatus: "COMPLETED", tasks: counts };

  it("says of one that ended how it ended, and that devices failed or were called off", () => {
    expect(stateOf(job)).toEqual(["job", "COMPLETED"]);
    expect(stateOf({ ...job, tasks: { ...counts, canceled: 1 } })).toEqual(["job", "COMPLETED_IN_PART"]);
    expect(stateOf({ ...job, tasks: { ...counts, failed: 1 } })).toEqual(["job", "COMPLETED_FAILING"]);
    expect(stateOf({ ...job, jobStatus: "CANCELED", tasks: { ...counts, failed: 1 } })).toEqual(["job", "CANCELED"]);
    expect(stateOf({ ...job, state: "SOAKING" })).toEqual(["rollout", "SOAKING"]);
  });
});

describe("a rollout", () => {
  it("is counted in five bands that hold all of its tasks", () => {
    expect(Object.values(bandsOf(COUNTS)).reduce((sum, count) => sum + count)).toBe(totalOf(COUNTS));
    expect(totalOf(COUNTS)).toBe(2 ** STATUSES.length - 1);
    expect(openOf(COUNTS)).toBe(15);
  });

  it("offers what its state allows", () => {
    const of = (state: string, stages?: string[]) =>
      Object.entries(movesOf(rollout(state, stages)))
        .filter(([, may]) => may)
        .map(([move]) => move);
    expect(of("RUNNING", ["UNDER_WAY", "WAITING"])).toEqual(["pause", "advance", "cancel"]);
    expect(of("RUNNING", ["DONE", "UNDER_WAY"])).toEqual(["pause", "cancel"]);
    expect(of("HALTED", ["UNDER_WAY", "WAITING"])).toEqual(["resume", "cancel"]);
    expect(of("AWAITING_APPROVAL")).toEqual([]);
    expect(of("ENDED")).toEqual([]);
  });

  it("reads the numbers of a halt out of the gate's own words alone", () => {
    const words = "9 of the first 35 devices failed or went silent; the limit is 2.5 %";
    expect(haltIn(words)).toEqual({ failing: 9, started: 35, limit: "2.5" });
    expect(haltIn(`${words} <b>`)).toBeNull();
    const t = ((key: string) => key) as never;
    expect([words, "Too warm"].map((reason) => reasonWords(t, reason))).toEqual(["rollouts.haltedWords", "Too warm"]);
    expect([personIn("user:ada"), personIn("n3Xy"), personIn("")]).toEqual(["ada", "n3Xy", ""]);
  });

  it("cancels what has not begun, and on request what has", () => {
    expect(cancelFlags(rollout("PLANNED"), true)).toEqual({ CancelScheduledTask: true });
    expect(cancelFlags(rollout("RUNNING"), false)).not.toHaveProperty("CancelInProgressTask");
    expect(cancelFlags(rollout("RUNNING"), true)).toHaveProperty("CancelInProgressTask", true);
    expect([cancelled(COUNTS, false), cancelled(COUNTS, true)]).toEqual([7, 15]);
  });

  it("begins its curves where it began, and ends them with its last sample", () => {
    const at = (utcTime: string) => ({ utcTime, tasks: COUNTS, atRisk: 0, silent: 0 });
    const history = { jobId: "1", samples: { sample: [at("2025-01-02T00:01:00Z")] }, now: at("2025-01-02T00:02:00Z") };
    const job = { utcStartTime: "2025-01-02T00:00:00Z", selectionType: "STATIC" };
    expect(curvesOf(history, job, false).timesMs).toHaveLength(3);
    expect(curvesOf(history, job, true).bands.waiting).toEqual([127, 3]);
    expect(curvesOf(history, { ...job, selectionType: "DYNAMIC" }, true).bands.waiting).toEqual([0, 3]);
  });
});
