import { Alert, Anchor, Stack, Text } from "@mantine/core";
import { IconAlertOctagon, IconClock, IconHourglass, IconPlayerPause } from "@tabler/icons-react";
import { Link } from "react-router";
import { Time } from "~/parts/Time";
import { useWords } from "~/words/useWords";
import { Approval } from "./Approval";
import { type Job, personIn, type Rollout, reasonWords } from "./reading";

/** What holds the job back, in words and numbers; nothing when nothing does. */
export function HoldNote({ rollout, job }: { rollout: Rollout; job: Job }) {
  const { state } = rollout;
  if (state === "HALTED") return <Halted rollout={rollout} />;
  if (state === "PAUSED") return <Paused rollout={rollout} />;
  if (state === "AWAITING_APPROVAL") return <Approval rollout={rollout} />;
  if (state === "SOAKING") return <Waits what="soaking" until={rollout.utcSoaksUntil} />;
  if (state === "WAITING_WINDOW") return <Waits what="window" until={rollout.utcNextOpening} />;
  return state === "PLANNED" ? <Waits what="planned" until={job.utcScheduleTime} /> : null;
}

function Halted({ rollout }: { rollout: Rollout }) {
  const { t, rich } = useWords();
  return (
    <Alert color="clay" icon={<IconAlertOctagon aria-hidden />} title={t("rollouts.haltedTitle")}>
      <Stack gap={4}>
        <Text size="sm" fw={600}>
          {reasonWords(t, rollout.holdReason ?? "")}
        </Text>
        <Text size="sm" component="div">
          {rich("rollouts.haltedHint", {
            when: <Time at={rollout.utcHold} />,
            failed: (
              <Anchor
                component={Link}
                to={`/rollouts/${rollout.jobId}?status=FAILED`}
                inherit
                c="inherit"
                td="underline"
              >
                {t("rollouts.theFailed")}
              </Anchor>
            ),
          })}
        </Text>
      </Stack>
    </Alert>
  );
}

function Paused({ rollout }: { rollout: Rollout }) {
  const { t, rich } = useWords();
  const who = personIn(rollout.heldBy ?? "") || t("rollouts.theServer");
  return (
    <Alert color="sand" icon={<IconPlayerPause aria-hidden />} title={t("rollouts.pausedTitle")}>
      <Text size="sm" fw={600}>
        {rollout.holdReason}
      </Text>
      <Text size="sm" component="div">
        {rich("rollouts.pausedHint", { when: <Time at={rollout.utcHold} />, who: <b>{who}</b> })}
      </Text>
    </Alert>
  );
}

function Waits({ what, until }: { what: "soaking" | "window" | "planned"; until: string | undefined }) {
  const { t, rich, format } = useWords();
  const Icon = what === "soaking" ? IconHourglass : IconClock;
  return (
    <Alert color="sand" icon={<Icon aria-hidden />} title={t(`rollouts.${what}Title`)}>
      <Text size="sm" component="div">
        {rich(
          `rollouts.${what}Hint`,
          { when: <Time at={until} /> },
          { exact: until === undefined ? "" : format.exact(Date.parse(until)) },
        )}
      </Text>
    </Alert>
  );
}
