import { Text } from "@mantine/core";
import { IconCheck, IconHourglass, IconLoader2, IconPlayerPause, IconPoint } from "@tabler/icons-react";
import { Time } from "~/parts/Time";
import { useWords } from "~/words/useWords";
import classes from "../rollouts.module.css";
import type { Rollout } from "./reading";

type Stage = Rollout["stages"]["stage"][number];
const ICONS: Readonly<Record<string, typeof IconCheck>> = {
  DONE: IconCheck,
  SOAKING: IconHourglass,
  UNDER_WAY: IconLoader2,
  WAITING: IconPoint,
};

/** Stage by stage: what is done, what soaks until when, what waits. */
export function Stages({ rollout }: { rollout: Rollout }) {
  const { t } = useWords();
  return (
    <ol className={classes.stages} aria-label={t("rollouts.stages")}>
      {rollout.stages.stage.map((stage) => (
        <StageBox key={stage.number} stage={stage} rollout={rollout} />
      ))}
    </ol>
  );
}

function StageBox({ stage, rollout }: { stage: Stage; rollout: Rollout }) {
  const { t, format, maybe } = useWords();
  // Of a job that has ended nothing is under way, and nothing waits.
  const state = rollout.state === "ENDED" && stage.state !== "DONE" ? "ENDED" : stage.state;
  const isCurrent = state === "UNDER_WAY" || state === "SOAKING";
  const isHeld = isCurrent && (rollout.state === "HALTED" || rollout.state === "PAUSED");
  const Icon = isHeld ? IconPlayerPause : (ICONS[state] ?? IconPoint);
  const pinned = rollout.policy.xStages.stage[stage.number - 1];
  const share = pinned?.percent === undefined ? "" : ` · ${t("rollouts.upToShare", { percent: pinned.percent })}`;
  return (
    <li
      className={classes.stage}
      data-state={state}
      data-held={isHeld ? rollout.state : undefined}
      aria-current={isCurrent ? "step" : undefined}
    >
      <div className={classes.stageHead}>
        <span>{t("wizard.stageNumber", { number: stage.number })}</span>
        <span className={classes.stageState}>
          <Icon size={15} stroke={2.2} aria-hidden />
          {isHeld ? t("rollouts.stageState.HELD") : maybe(`rollouts.stageState.${state}`, state)}
        </span>
      </div>
      <div className={classes.stageDevices}>{t("rollouts.devices", { count: stage.devices })}</div>
      <Text size="xs" c="dimmed">
        {stage.number > rollout.policy.xStages.stage.length
          ? t("rollouts.allOthers")
          : `${t("rollouts.untilDevice", { device: stage.untilDevice })}${share}`}
      </Text>
      {isCurrent && stage.neededSuccesses !== undefined && (
        <Needed succeeded={rollout.succeeded} needed={stage.neededSuccesses} />
      )}
      {state === "SOAKING" && rollout.utcSoaksUntil && !isHeld && (
        <Text size="xs" mt={6} component="div">
          {t("rollouts.nextStage")} <Time at={rollout.utcSoaksUntil} />
        </Text>
      )}
      {state === "UNDER_WAY" && pinned !== undefined && pinned.soakMinutes > 0 && (
        <Text size="xs" mt={6} c="dimmed">
          {t("rollouts.thenSoaks", { soak: format.duration(pinned.soakMinutes * 60_000) })}
        </Text>
      )}
    </li>
  );
}

function Needed({ succeeded, needed }: { succeeded: number; needed: number }) {
  const { t } = useWords();
  const words = t("rollouts.needed", { succeeded: Math.min(succeeded, needed), needed });
  const percent = needed === 0 ? 100 : Math.min(100, (succeeded / needed) * 100);
  return (
    <>
      <Text size="xs" mt={8} mb={4}>
        {words}
      </Text>
      <div className={classes.meter} aria-hidden>
        <span style={{ width: `${percent}%`, background: "var(--mantine-color-marsh-filled)" }} />
      </div>
    </>
  );
}
