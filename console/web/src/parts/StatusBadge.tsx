import { Badge } from "@mantine/core";
import {
  IconAlertOctagon,
  IconAlertTriangle,
  IconCheck,
  IconCircleDashed,
  IconClock,
  IconHourglass,
  IconLoader2,
  IconPlayerPause,
  IconPlugConnected,
  IconPlugConnectedX,
  IconQuestionMark,
  IconSend,
  IconUsers,
  IconX,
} from "@tabler/icons-react";
import { useWords } from "~/words/useWords";

export type StatusKind = "task" | "job" | "rollout" | "device" | "firmware";
type Look = [color: string, icon: typeof IconCheck];

const LOOKS: Readonly<Record<string, Look>> = {
  "task.CONFIRM": ["sand", IconHourglass],
  "task.QUEUED": ["gray", IconClock],
  "task.NOTIFIED": ["estuary", IconSend],
  "task.IN_PROGRESS": ["estuary", IconLoader2],
  "task.SUCCEEDED": ["marsh", IconCheck],
  "task.FAILED": ["clay", IconX],
  "task.CANCELED": ["gray", IconCircleDashed],
  "job.PLANNED": ["sand", IconClock],
  "job.IN_PROGRESS": ["estuary", IconLoader2],
  "job.COMPLETED": ["marsh", IconCheck],
  "job.COMPLETED_FAILING": ["sand", IconAlertTriangle],
  "job.COMPLETED_IN_PART": ["gray", IconCheck],
  "job.CANCELED": ["gray", IconCircleDashed],
  "rollout.RUNNING": ["estuary", IconLoader2],
  "rollout.HALTED": ["clay", IconAlertOctagon],
  "rollout.PAUSED": ["sand", IconPlayerPause],
  "rollout.AWAITING_APPROVAL": ["sand", IconUsers],
  "rollout.REJECTED": ["clay", IconX],
  "rollout.PLANNED": ["sand", IconClock],
  "rollout.WAITING_WINDOW": ["sand", IconClock],
  "rollout.SOAKING": ["sand", IconHourglass],
  "rollout.ENDED": ["gray", IconCheck],
  "device.ONLINE": ["marsh", IconPlugConnected],
  "device.OFFLINE": ["gray", IconPlugConnectedX],
  "device.UNACTIVE": ["sand", IconCircleDashed],
  "device.DISABLE": ["clay", IconX],
  "firmware.-1": ["gray", IconCheck],
  "firmware.0": ["sand", IconCircleDashed],
  "firmware.1": ["marsh", IconCheck],
  "firmware.2": ["estuary", IconLoader2],
  "firmware.3": ["clay", IconX],
};
const UNKNOWN: Look = ["gray", IconQuestionMark];

/** A state as the wire names it, in words and with an icon: never by its colour alone. */
export function StatusBadge({ kind, status }: { kind: StatusKind; status: string | number }) {
  const { maybe } = useWords();
  const key = `${kind}.${status}`;
  const [color, Icon] = LOOKS[key] ?? UNKNOWN;
  return (
    <Badge
      color={color}
      variant="light"
      tt="none"
      fw={600}
      miw="max-content"
      leftSection={<Icon size={13} stroke={2.2} aria-hidden />}
    >
      {maybe(`status.${key}`, String(status))}
    </Badge>
  );
}

/** The colour of a state, for charts that stand beside its badge. */
export function statusColor(kind: StatusKind, status: string | number): string {
  return (LOOKS[`${kind}.${status}`] ?? UNKNOWN)[0];
}
