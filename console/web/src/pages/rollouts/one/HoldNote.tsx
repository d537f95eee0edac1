import { Alert, Anchor, Stack, Text } from "@mantine/core";
import { IconAlertOctagon, IconClock, IconHourglass, IconPlayerPause } from "@tabler/icons-react";
import { Link } from "react-router";
import { Time } from "~/parts/Time";
import { useWords } from "~/words/useWords";
import { Approval } from "./Approval";
import { haltIn, personIn, type Rollout } from "./reading";

/** What holds the job back, in words and numbers; nothing when nothing does. */
export function HoldNote({ rollout }: { rollout: Rollout }) {
  const { state } = rollout;
  if (state === "HALTED") return <Halted rollout={rollout} />;
  if (state === "PAUSED") return <Paused rollout={rollout} />;
  if (state === "AWAITING_APPROVAL") return <Approval rollout={rollout} />;
  return state === "WAITING_WINDOW" || state === "SOAKING" ? <Waits rollout={rollout} /> : null;
}

/** It has not begun. */
export function Planned({ utcStart }: { utcStart: string | undefined }) {
  const { t, rich, format } = useWords();
  return (
    <Alert color="sand" icon={<IconClock aria-hidden />} title={t("rollouts.plannedTitle")}>
      <Text size="sm" component="div">
        {rich(
          "rollouts.plannedHint",
          { when: <Time at={utcStart} /> },
          { exact: utcStart === undefined ? "" : format.exact(Date.parse(utcStart)) },
        )}
      </Text>
    </Alert>
  );
}

function Halted({ rollout }: { rollout: Rollout }) {
  const { t, rich } = useWords();
  const reason = rollout.holdReason ?? "";
  const halt = haltIn(reason);
  return (
    <Alert color="clay" icon={<IconAlertOctagon aria-hidden />} title={t("rollouts.haltedTitle")}>
      <Stack gap={4}>
        <Text size="sm" fw={600}>
          {halt === null ? reason : t("rollouts.haltedWords", { ...halt })}
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

function Waits({ rollout }: { rollout: Rollout }) {
  const { t, rich, format } = useWords();
  const isSoaking = rollout.state === "SOAKING";
  const until = isSoaking ? rollout.utcSoaksUntil : rollout.utcNextOpening;
  const Icon = isSoaking ? IconHourglass : IconClock;
  return (
    <Alert
      color="sand"
      icon={<Icon aria-hidden />}
      title={t(isSoaking ? "rollouts.soakingTitle" : "rollouts.windowTitle")}
    >
      <Text size="sm" component="div">
        {rich(
          isSoaking ? "rollouts.soakingHint" : "rollouts.windowHint",
          { when: <Time at={until} /> },
          { exact: until === undefined ? "" : format.exact(Date.parse(until)) },
        )}
      </Text>
    </Alert>
  );
}
