import { Text, Timeline } from "@mantine/core";
import {
  IconAlertOctagon,
  IconHourglass,
  IconPlayerPause,
  IconPlayerPlay,
  IconPoint,
  IconStairsUp,
  IconUserCheck,
  IconUserX,
} from "@tabler/icons-react";
import { Time } from "~/parts/Time";
import { useWords } from "~/words/useWords";
import { personIn, type Rollout, reasonWords } from "./reading";

const LOOKS: Readonly<Record<string, [color: string, icon: typeof IconPoint]>> = {
  HALTED: ["clay", IconAlertOctagon],
  PAUSED: ["sand", IconPlayerPause],
  RESUMED: ["marsh", IconPlayerPlay],
  STAGE: ["estuary", IconStairsUp],
  SOAKS: ["sand", IconHourglass],
  AWAITING_APPROVAL: ["sand", IconUserCheck],
  APPROVED: ["marsh", IconUserCheck],
  REJECTED: ["clay", IconUserX],
};

/** What happened to the job, newest first: who did it, and why. */
export function Events({ rollout, utcCreate }: { rollout: Rollout; utcCreate: string }) {
  const { t, maybe } = useWords();
  return (
    <Timeline bulletSize={26} lineWidth={2} active={rollout.events.event.length}>
      {rollout.events.event.map((event) => {
        const [color, Icon] = LOOKS[event.kind] ?? ["gray", IconPoint];
        return (
          <Timeline.Item
            key={`${event.utcTime}${event.kind}${event.reason}`}
            color={color}
            bullet={<Icon size={14} aria-hidden />}
            title={maybe(`rollouts.event.${event.kind}`, event.kind)}
          >
            {event.reason !== "" && <Text size="sm">{reasonWords(t, event.reason)}</Text>}
            <Text size="xs" c="dimmed" component="div">
              {personIn(event.who) || t("rollouts.theServer")} · <Time at={event.utcTime} />
            </Text>
          </Timeline.Item>
        );
      })}
      <Timeline.Item bullet={<IconPoint size={14} aria-hidden />} color="gray" title={t("rollouts.event.CREATED")}>
        <Text size="xs" c="dimmed" component="div">
          <Time at={utcCreate} />
        </Text>
      </Timeline.Item>
    </Timeline>
  );
}
