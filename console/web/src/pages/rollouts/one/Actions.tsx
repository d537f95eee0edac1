import { Button, Checkbox, Stack, Text } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay, IconPlayerSkipForward, IconX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useChange, useMay } from "~/api/hooks";
import { ConfirmTyped } from "~/parts/ConfirmTyped";
import { ReasonDialog } from "~/parts/ReasonDialog";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import { cancelFlags, cancelled, type Job, movesOf, type Rollout } from "./reading";

const REASON_LENGTH_MAX = 256;

interface ActionsProps {
  job: Job;
  rollout: Rollout;
}

/** What can be done with the job as a whole: what its state allows and the user may. */
export function Actions({ job, rollout }: ActionsProps) {
  const { t } = useWords();
  const may = useMay();
  const [asked, setAsked] = useState<"pause" | "resume" | "advance" | "cancel" | null>(null);
  const close = () => setAsked(null);
  const done = (words: string) => () => {
    close();
    showDone(words);
  };
  const pause = useChange("XPauseOTAJob", { onDone: done(t("rollouts.paused")) });
  const resume = useChange("XResumeOTAJob", { onDone: done(t("rollouts.resumed")) });
  const advance = useChange("XAdvanceOTAJob", { onDone: done(t("rollouts.advanced")), isRepeatable: true });
  const moves = movesOf(rollout);
  const next = rollout.stages.stage.findIndex(({ state }) => state === "UNDER_WAY" || state === "SOAKING") + 2;
  const nextDevices = rollout.stages.stage[next - 1]?.devices ?? 0;
  return (
    <>
      {moves.cancel && may("CancelOTATaskByJob") && (
        <Button variant="default" leftSection={<IconX size={17} aria-hidden />} onClick={() => setAsked("cancel")}>
          {t("rollouts.cancel")}
        </Button>
      )}
      {moves.advance && may("XAdvanceOTAJob") && (
        <Button
          variant="default"
          leftSection={<IconPlayerSkipForward size={17} aria-hidden />}
          onClick={() => setAsked("advance")}
        >
          {t("rollouts.advance")}
        </Button>
      )}
      {moves.pause && may("XPauseOTAJob") && (
        <Button color="clay" leftSection={<IconPlayerPause size={17} aria-hidden />} onClick={() => setAsked("pause")}>
          {t("rollouts.pause")}
        </Button>
      )}
      {moves.resume && may("XResumeOTAJob") && (
        <Button leftSection={<IconPlayerPlay size={17} aria-hidden />} onClick={() => setAsked("resume")}>
          {t("rollouts.resume")}
        </Button>
      )}
      <ReasonDialog
        opened={asked === "pause"}
        onClose={close}
        onConfirm={(reason) => pause.mutate({ JobId: job.jobId, Reason: reason })}
        title={t("rollouts.pauseTitle")}
        confirmLabel={t("rollouts.pause")}
        isPending={pause.isPending}
        lengthMax={REASON_LENGTH_MAX}
        isRequired
      >
        {t("rollouts.pauseHint", { count: rollout.tasks.inProgress })}
      </ReasonDialog>
      <ReasonDialog
        opened={asked === "resume"}
        onClose={close}
        onConfirm={(reason) => resume.mutate({ JobId: job.jobId, Reason: reason })}
        title={t("rollouts.resumeTitle")}
        confirmLabel={t("rollouts.resume")}
        isPending={resume.isPending}
        isDangerous={rollout.state === "HALTED"}
        lengthMax={REASON_LENGTH_MAX}
        isRequired
      >
        {rollout.state === "HALTED"
          ? t("rollouts.resumeHalted", { failing: rollout.failing, started: rollout.started })
          : t("rollouts.resumePaused")}
      </ReasonDialog>
      <ReasonDialog
        opened={asked === "advance"}
        onClose={close}
        onConfirm={(reason) => advance.mutate({ JobId: job.jobId, Reason: reason })}
        title={t("rollouts.advanceTitle", { stage: next })}
        confirmLabel={t("rollouts.advance")}
        isPending={advance.isPending}
        lengthMax={REASON_LENGTH_MAX}
        isRequired
      >
        {t("rollouts.advanceHint", { stage: next, count: nextDevices })}
      </ReasonDialog>
      <Cancel opened={asked === "cancel"} onClose={close} job={job} rollout={rollout} />
    </>
  );
}

function Cancel({ opened, onClose, job, rollout }: ActionsProps & { opened: boolean; onClose: () => void }) {
  const { t } = useWords();
  const [withBegun, setWithBegun] = useState(false);
  useEffect(() => {
    if (opened) setWithBegun(false); // what was ticked and thought better of
  }, [opened]);
  const done = () => {
    onClose();
    showDone(t("rollouts.cancelled"));
  };
  const tasks = useChange("CancelOTATaskByJob", { onDone: done });
  const cancelTasks = () => tasks.mutate({ JobId: job.jobId, ...cancelFlags(rollout, withBegun) });
  const strategy = useChange("CancelOTAStrategyByJob", { onDone: cancelTasks });
  const confirm = () => {
    // Of a dynamic job first the rule: or it would take new devices while its tasks are being cancelled.
    if (job.selectionType === "DYNAMIC") strategy.mutate({ JobId: job.jobId });
    else cancelTasks();
  };
  return (
    <ConfirmTyped
      opened={opened}
      onClose={onClose}
      onConfirm={confirm}
      title={t("rollouts.cancelTitle")}
      word={job.destVersion}
      confirmLabel={t("rollouts.cancel")}
      isPending={tasks.isPending || strategy.isPending}
    >
      <Stack gap="sm">
        <Text size="sm">{t("rollouts.cancelHint", { count: cancelled(rollout.tasks, withBegun) })}</Text>
        {rollout.tasks.inProgress > 0 && (
          <Checkbox
            label={t("rollouts.cancelBegun", { count: rollout.tasks.inProgress })}
            description={t("rollouts.cancelBegunHint")}
            checked={withBegun}
            onChange={(event) => setWithBegun(event.currentTarget.checked)}
          />
        )}
      </Stack>
    </ConfirmTyped>
  );
}
