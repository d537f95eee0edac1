import type { Answer } from "~/api/types";

/** How many tasks a job has, by status. */
export type TaskCounts = Answer<"XQueryOTARollout">["data"]["tasks"];

/** The statuses of tasks as the wire names them, in the order in which a task goes through them. */
export const STATUSES = ["CONFIRM", "QUEUED", "NOTIFIED", "IN_PROGRESS", "SUCCEEDED", "FAILED", "CANCELED"] as const;
export type TaskStatus = (typeof STATUSES)[number];

const MEMBERS: Record<TaskStatus, keyof TaskCounts> = {
  CONFIRM: "confirm",
  QUEUED: "queued",
  NOTIFIED: "notified",
  IN_PROGRESS: "inProgress",
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  CANCELED: "canceled",
};

export function countOf(tasks: TaskCounts, status: TaskStatus): number {
  return tasks[MEMBERS[status]];
}

export function totalOf(tasks: TaskCounts): number {
  return STATUSES.reduce((sum, status) => sum + countOf(tasks, status), 0);
}

/** Tasks that may still come to something. */
export function openOf(tasks: TaskCounts): number {
  return tasks.confirm + tasks.queued + tasks.notified + tasks.inProgress;
}

export interface Standing {
  state: string;
  jobStatus: string;
  tasks: TaskCounts;
}

/**
 * The state to show of a job. The wire completes one whose devices all failed, or were called off or overwritten: nobody
 * shall take that for a success.
 */
export function stateOf({ state, jobStatus, tasks }: Standing): ["job" | "rollout", string] {
  if (state !== "ENDED") return ["rollout", state];
  if (jobStatus !== "COMPLETED") return ["job", jobStatus];
  if (tasks.failed > 0) return ["job", "COMPLETED_FAILING"];
  return ["job", tasks.canceled > 0 ? "COMPLETED_IN_PART" : jobStatus];
}

/** What a person tells apart at a glance: four colours, and one for what was called off. */
export const BANDS = ["succeeded", "underWay", "failed", "canceled", "waiting"] as const;
export type Band = (typeof BANDS)[number];

export const BAND_COLORS: Record<Band, string> = {
  succeeded: "marsh",
  underWay: "estuary",
  failed: "clay",
  canceled: "sand",
  waiting: "gray",
};

export function bandsOf(tasks: TaskCounts): Record<Band, number> {
  return {
    succeeded: tasks.succeeded,
    underWay: tasks.notified + tasks.inProgress,
    failed: tasks.failed,
    canceled: tasks.canceled,
    waiting: tasks.queued + tasks.confirm,
  };
}
