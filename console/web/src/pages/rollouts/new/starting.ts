/** When a rollout begins: at once, or at a local time of the browser's zone (api-contract 7.5). */

const MINUTE_MS = 60_000;
/** The server's bounds of ScheduleTime, said before it has to refuse; it decides all the same. */
const AHEAD_MINUTES_MIN = 5;
const AHEAD_MINUTES_MAX = 7 * 24 * 60;

export interface Start {
  isLater: boolean;
  /** As a `datetime-local` field has it, without a zone; empty while it is not whole. */
  startsAt: string;
}

/** In milliseconds; null for at once, and for what is no time yet. */
export function startMsOf({ isLater, startsAt }: Start): number | null {
  const timeMs = isLater ? new Date(startsAt).getTime() : Number.NaN;
  return Number.isNaN(timeMs) ? null : timeMs;
}

export function isStartSound(start: Start, nowMs: number): boolean {
  const startMs = startMsOf(start);
  if (startMs === null) return !start.isLater;
  const aheadMs = startMs - nowMs;
  return aheadMs >= AHEAD_MINUTES_MIN * MINUTE_MS && aheadMs <= AHEAD_MINUTES_MAX * MINUTE_MS;
}

/** A time as a `datetime-local` field takes it, in the browser's zone. */
export function localText(timeMs: number): string {
  const shiftedMs = timeMs - new Date(timeMs).getTimezoneOffset() * MINUTE_MS;
  return new Date(shiftedMs).toISOString().slice(0, 16);
}
