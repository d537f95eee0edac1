/** What the rollout's answers say, put so that a page can show it. */
import type { Answer } from "~/api/types";
import type { Words } from "~/words/useWords";
import { type Band, bandsOf, type TaskCounts, totalOf } from "../parts/counts";

export type Rollout = Answer<"XQueryOTARollout">["data"];
export type Job = Answer<"QueryOTAJob">["data"];
export type History = Answer<"XQueryOTARolloutHistory">["data"];

export interface Halt {
  failing: number;
  started: number;
  limit: string;
}

/** The numbers in the words of a gate that halted a job; null for anybody else's words. */
export function haltIn(reason: string): Halt | null {
  const found = /^(\d+) of the first (\d+) devices failed or went silent; the limit is ([\d.]+) %$/.exec(reason);
  return found === null ? null : { failing: Number(found[1]), started: Number(found[2]), limit: found[3] ?? "" };
}

/** Somebody's reason as it was written; the gate's own in the reader's language. */
export function reasonWords(t: Words["t"], reason: string): string {
  const halt = haltIn(reason);
  return halt === null ? reason : t("rollouts.haltedWords", { ...halt });
}

/** Whom an event names: a person by the name alone, a key by its id, empty for the server. */
export function personIn(who: string): string {
  return who.startsWith("user:") ? who.slice("user:".length) : who;
}

/** What may be asked of a job where it stands; whether somebody may, the session says. */
export function movesOf(rollout: Rollout): { pause: boolean; resume: boolean; advance: boolean; cancel: boolean } {
  const isHeld = rollout.state === "HALTED" || rollout.state === "PAUSED";
  const isOver = rollout.state === "ENDED";
  const isAwaited = rollout.state === "AWAITING_APPROVAL" || rollout.state === "REJECTED";
  const staged = rollout.stages.stage.slice(0, -1);
  return {
    pause: !isHeld && !isOver && !isAwaited,
    resume: isHeld,
    advance:
      !isHeld && !isOver && !isAwaited && staged.some(({ state }) => state === "UNDER_WAY" || state === "SOAKING"),
    cancel: !isOver && !isAwaited,
  };
}

export interface Curves {
  timesMs: number[];
  bands: Record<Band, number[]>;
}

/**
 * Samples and the present as curves, oldest first. Of a job that has ended the last sample is the end. A job whose
 * devices are fixed when it starts begins with all of them waiting; one that takes devices as they match, with none.
 */
export function curvesOf(history: History, job: Pick<Job, "utcStartTime" | "selectionType">, isOver: boolean): Curves {
  const all = [...history.samples.sample, ...(isOver ? [] : [history.now])];
  const begun = { succeeded: 0, underWay: 0, failed: 0, canceled: 0, waiting: 0 };
  if (job.selectionType === "STATIC") begun.waiting = totalOf(all[0]?.tasks ?? history.now.tasks);
  const origin = job.utcStartTime === undefined ? [] : [{ timeMs: Date.parse(job.utcStartTime), bands: begun }];
  const points = [
    ...origin,
    ...all.map((sample) => ({ timeMs: Date.parse(sample.utcTime), bands: bandsOf(sample.tasks) })),
  ].filter((point, index, others) => index === 0 || point.timeMs > (others[index - 1]?.timeMs ?? 0));
  const curve = (band: Band) => points.map((point) => point.bands[band]);
  return {
    timesMs: points.map((point) => point.timeMs),
    bands: {
      succeeded: curve("succeeded"),
      underWay: curve("underWay"),
      failed: curve("failed"),
      canceled: curve("canceled"),
      waiting: curve("waiting"),
    },
  };
}

/** The flags of CancelOTATaskByJob: what has not begun, and on request what has. */
export function cancelFlags(rollout: Rollout, withBegun: boolean) {
  if (rollout.jobStatus === "PLANNED") return { CancelScheduledTask: true };
  return {
    CancelQueuedTask: true,
    CancelNotifiedTask: true,
    CancelUnconfirmedTask: true,
    ...(withBegun ? { CancelInProgressTask: true } : {}),
  };
}

/** Devices that a cancel calls off. */
export function cancelled(tasks: TaskCounts, withBegun: boolean): number {
  return tasks.confirm + tasks.queued + tasks.notified + (withBegun ? tasks.inProgress : 0);
}
