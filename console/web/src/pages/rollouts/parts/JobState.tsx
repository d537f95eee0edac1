import { StatusBadge } from "~/parts/StatusBadge";
import { type Standing, stateOf } from "./counts";

/** Where a job stands: of one that ended, how it ended. */
export function JobState({ job }: { job: Standing }) {
  const [kind, status] = stateOf(job);
  return <StatusBadge kind={kind} status={status} />;
}
