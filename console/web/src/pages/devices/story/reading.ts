/** A device's story, read off its events (XListDeviceEvents). */
import type { Answer } from "~/api/types";

export type Event = Answer<"XListDeviceEvents">["data"]["event"][number];
export type Finding = Answer<"XExplainOTADevice">["data"]["findings"]["finding"][number];
export type Tone = "marsh" | "estuary" | "sand" | "clay" | "gray";

/** A task as its newest event has it. */
export interface TaskLine {
  taskId: string;
  jobId: string;
  moduleName: string;
  srcVersion: string;
  destVersion: string;
  status: string;
  attempt: number;
  progress: number;
  words: string;
  utcTime: string;
}

/** The device's tasks, newest first; events are newest first, and the first of a task is what it is now. */
export function tasksOf(events: readonly Event[]): TaskLine[] {
  const lines = new Map<string, TaskLine>();
  for (const event of events) {
    if (event.taskId === undefined || event.taskStatus === undefined || lines.has(event.taskId)) continue;
    lines.set(event.taskId, {
      taskId: event.taskId,
      jobId: event.jobId ?? "",
      moduleName: event.moduleName ?? "",
      srcVersion: event.srcVersion ?? "",
      destVersion: event.destVersion ?? "",
      status: event.taskStatus,
      attempt: event.attempt ?? 1,
      progress: event.progress ?? 0,
      words: event.words ?? "",
      utcTime: event.utcTime,
    });
  }
  return [...lines.values()];
}

/** A time online; `untilMs` null while it lasts. */
export interface Stay {
  sinceMs: number;
  untilMs: number | null;
  connections: number;
}

/** Times online, newest first: each coming with the going that followed it. */
export function staysOf(online: readonly Event[], offline: readonly Event[]): Stay[] {
  const goings = offline.map((event) => ({ atMs: Date.parse(event.utcTime), connections: event.connections ?? 1 }));
  return online.map((event, index) => {
    const sinceMs = Date.parse(event.utcTime);
    const before = online[index - 1];
    const nextMs = before === undefined ? Number.POSITIVE_INFINITY : Date.parse(before.utcTime);
    const going = goings.find(({ atMs }) => atMs >= sinceMs && atMs <= nextMs);
    return { sinceMs, untilMs: going?.atMs ?? null, connections: going?.connections ?? 1 };
  });
}

/** Where the line of the last `lengthMs` begins: later where the device was first seen within it, if all stays are known. */
export function lineBegins(stays: readonly Stay[], nowMs: number, lengthMs: number, staysKept: number): number {
  const first = stays.at(-1)?.sinceMs ?? 0;
  return stays.length < staysKept ? Math.max(nowMs - lengthMs, first) : nowMs - lengthMs;
}

/** A piece of the line from `fromMs` to `nowMs`, in shares of it. */
export function pieceOf(stay: Stay, fromMs: number, nowMs: number): { at: number; length: number } | null {
  const until = stay.untilMs ?? nowMs;
  const begin = Math.max(stay.sinceMs, fromMs);
  if (until <= begin || nowMs <= fromMs) return null;
  const span = nowMs - fromMs;
  return { at: (begin - fromMs) / span, length: (until - begin) / span };
}

const GOOD = ["SUCCEEDED", "AT_DEST_VERSION"];
const BAD = ["FAILED", "TIMED_OUT", "WRONG_VERSION_REPORTED", "HALTED", "DISABLED"];

/** How a finding looks; its words say the same. */
export function toneOf(code: string): Tone {
  if (GOOD.includes(code)) return "marsh";
  if (BAD.includes(code)) return "clay";
  if (code === "IN_PROGRESS" || code === "READY") return "estuary";
  return code === "NO_JOB" ? "gray" : "sand";
}

/** What a device is tagged with, in the order of the keys; nothing for what is no object. */
export function tagsIn(props: string): [key: string, value: string][] {
  try {
    const read: unknown = JSON.parse(props);
    return typeof read === "object" && read !== null
      ? Object.entries(read).map(([key, value]) => [key, String(value)])
      : [];
  } catch {
    return [];
  }
}
