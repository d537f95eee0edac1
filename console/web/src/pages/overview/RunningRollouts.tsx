import { Anchor, Button, Group, Progress, Skeleton, Stack, Text } from "@mantine/core";
import { Link } from "react-router";
import { useLiveCall, useMay } from "~/api/hooks";
import type { Answer } from "~/api/types";
import { ErrorNote } from "~/parts/ErrorNote";
import { Section } from "~/parts/Section";
import { StatusBadge, statusColor } from "~/parts/StatusBadge";
import { useWords } from "~/words/useWords";
import { reasonWords } from "../rollouts/one/reading";
import classes from "./overview.module.css";

const SHOWN_MAX = 6;
const STATES = ["HALTED", "AWAITING_APPROVAL", "RUNNING", "SOAKING", "WAITING_WINDOW", "PAUSED", "PLANNED"] as const;
const PARTS = [
  ["SUCCEEDED", "succeeded"],
  ["FAILED", "failed"],
  ["IN_PROGRESS", "inProgress"],
  ["NOTIFIED", "notified"],
] as const;

type Job = Answer<"XListOTAJobs">["data"]["jobs"][number];

/** Rollouts that have not ended, as they move. */
export function RunningRollouts() {
  const { t } = useWords();
  const may = useMay();
  const list = useLiveCall("XListOTAJobs", {
    JobType: ["UPGRADE_FIRMWARE"],
    State: [...STATES],
    PageSize: SHOWN_MAX,
  });
  const jobs = list.data?.data.jobs;
  return (
    <Section
      title={t("overview.rollouts")}
      actions={
        <Anchor component={Link} to="/rollouts" size="sm">
          {t("overview.allRollouts")}
        </Anchor>
      }
    >
      {list.error && !jobs && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {!jobs && !list.error && <Skeleton h={70} />}
      {jobs?.length === 0 && (
        <Group justify="space-between" gap="xs">
          <Text size="sm" c="dimmed">
            {t("overview.noRollouts")}
          </Text>
          {may("CreateOTAStaticUpgradeJob") && (
            <Button component={Link} to="/rollouts/new" size="xs" variant="light">
              {t("overview.do.rollout")}
            </Button>
          )}
        </Group>
      )}
      <Stack gap="md">
        {jobs?.map((job) => (
          <Rollout key={job.jobId} job={job} />
        ))}
      </Stack>
    </Section>
  );
}

function Rollout({ job }: { job: Job }) {
  const { t, format, maybe } = useWords();
  const all = Math.max(1, job.taskCount);
  const share = (count: number) => (100 * count) / all;
  const words = PARTS.filter(([, key]) => job.tasks[key] > 0)
    .map(([status, key]) => `${format.number(job.tasks[key])} ${maybe(`status.task.${status}`, status)}`)
    .join(", ");
  return (
    <div>
      <Group justify="space-between" gap="xs" mb={6}>
        <Group gap="xs">
          <Anchor component={Link} to={`/rollouts/${job.jobId}`} fw={600} size="sm" className={classes.target}>
            {t("overview.productVersion", { product: job.productName, version: job.destVersion })}
          </Anchor>
          <StatusBadge kind="rollout" status={job.state} />
          {job.stage !== undefined && job.stageCount !== undefined && (
            <Text size="sm" c="dimmed">
              {t("overview.stage", { stage: job.stage, stages: job.stageCount })}
            </Text>
          )}
        </Group>
        <Text size="sm">
          {t("overview.ofDevices", { done: job.tasks.succeeded, count: job.taskCount })}
          {job.tasks.failed > 0 && (
            <>
              {" · "}
              <Anchor
                component={Link}
                to={`/rollouts/${job.jobId}?status=FAILED`}
                c="var(--mantine-color-clay-light-color)"
                td="underline"
                inherit
              >
                {t("overview.failed", { count: job.tasks.failed })}
              </Anchor>
            </>
          )}
        </Text>
      </Group>
      <Progress.Root size="md" role="img" aria-label={words || t("overview.nothingYet")}>
        {PARTS.map(([status, key]) => (
          <Progress.Section
            key={status}
            value={share(job.tasks[key])}
            color={statusColor("task", status)}
            withAria={false}
            className={key === "notified" ? classes.faint : undefined}
          />
        ))}
      </Progress.Root>
      {job.holdReason && (
        <Text size="sm" c="dimmed" mt={4}>
          {reasonWords(t, job.holdReason)}
        </Text>
      )}
    </div>
  );
}
