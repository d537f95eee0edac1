import { StatusBadge } from "~/parts/StatusBadge";

/** Where a job stands: of one that ended, how it ended. */
export function JobState({ state, jobStatus }: { state: string; jobStatus: string }) {
  return state === "ENDED" ? (
    <StatusBadge kind="job" status={jobStatus} />
  ) : (
    <StatusBadge kind="rollout" status={state} />
  );
}
