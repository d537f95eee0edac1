import type { Words } from "~/words/useWords";

interface Aimed {
  targetSelection: string;
  selectionType: string;
  grayPercent?: string;
  groupName?: string;
}

/** Whom a job is for, in some words. */
export function targetWords(t: Words["t"], job: Aimed): string {
  if (job.selectionType === "DYNAMIC") {
    return job.groupName ? t("rollouts.aim.dynamicGroup", { group: job.groupName }) : t("rollouts.aim.dynamic");
  }
  if (job.targetSelection === "GRAY") return t("rollouts.aim.gray", { percent: job.grayPercent ?? "" });
  if (job.targetSelection === "GROUP") return t("rollouts.aim.group", { group: job.groupName ?? "" });
  return job.targetSelection === "SPECIFIC" ? t("rollouts.aim.specific") : t("rollouts.aim.all");
}
