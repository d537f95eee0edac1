/** A dynamic rollout: for what matches now, and for what comes to match later (api-contract 7.4). */
import type { Draft, Firmware, Preview } from "./draft";

export interface RuleDraft {
  ruleBy: "VERSION" | "GROUP";
  ruleGroupId: string;
  /** False leaves what matches now as it is: only what comes to match from then on is told. */
  takesNow: boolean;
}

export function isRule(draft: Draft): boolean {
  return draft.selection === "DYNAMIC";
}

/** The versions that the rule is for: a difference's own, and no others. */
export function ruleVersions(firmware: Firmware, draft: Draft): string[] {
  return firmware.type === 1 ? [firmware.srcVersion] : draft.srcVersions;
}

/** What XPreviewOTAJob is asked for it; null while the rule is not said yet. */
export function ruleTarget(firmware: Firmware, draft: Draft): Omit<Preview, "FirmwareId" | "ProductKey"> | null {
  if (draft.ruleBy === "GROUP") {
    return draft.ruleGroupId === ""
      ? null
      : { TargetSelection: "GROUP", GroupId: draft.ruleGroupId, GroupType: "LINK_PLATFORM_DYNAMIC" };
  }
  const versions = ruleVersions(firmware, draft);
  return versions.length === 0 ? null : { TargetSelection: "ALL", SrcVersion: versions };
}
