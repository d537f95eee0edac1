import { Anchor, Text } from "@mantine/core";
import { Link } from "react-router";
import { useLiveCall } from "~/api/hooks";
import type { Answer } from "~/api/types";
import { type Column, DataTable } from "~/parts/DataTable";
import { Section } from "~/parts/Section";
import { StatusBadge } from "~/parts/StatusBadge";
import { Time } from "~/parts/Time";
import { useWords, type Words } from "~/words/useWords";
import type { Firmware } from "../OneFirmwarePage";

type Job = Answer<"XListOTAJobs">["data"]["jobs"][number];

const SHOWN = 10;

/** The rollouts it had, newest first. */
export function Rollouts({ firmware }: { firmware: Firmware }) {
  const words = useWords();
  const { t } = words;
  const { data, error, refetch } = useLiveCall("XListOTAJobs", {
    FirmwareId: firmware.firmwareId,
    JobType: ["UPGRADE_FIRMWARE"],
    PageSize: SHOWN,
  });
  const all = `/rollouts?firmware=${firmware.firmwareId}`;
  return (
    <Section
      title={t("firmware.rollouts")}
      actions={
        data?.nextToken && (
          <Anchor component={Link} to={all} size="sm">
            {t("firmware.allRollouts")}
          </Anchor>
        )
      }
    >
      <DataTable
        label={t("firmware.rollouts")}
        columns={columnsOf(words)}
        rows={data?.data.jobs}
        rowKey={(job) => job.jobId}
        error={error}
        onRetry={() => void refetch()}
        empty={
          <Text size="sm" c="dimmed">
            {t("firmware.noRollouts")}
          </Text>
        }
      />
    </Section>
  );
}

function columnsOf({ t, format }: Words): Column<Job>[] {
  const link = (job: Job, status: string, count: number) => (
    <Anchor component={Link} to={`/rollouts/${job.jobId}?status=${status}`} size="sm" inherit>
      {format.number(count)}
    </Anchor>
  );
  return [
    {
      key: "job",
      title: t("firmware.rollout"),
      cell: (job) => (
        <Anchor component={Link} to={`/rollouts/${job.jobId}`} size="sm" fw={600} style={{ whiteSpace: "nowrap" }}>
          {t("firmware.rolloutNumber", { id: job.jobId })}
        </Anchor>
      ),
    },
    { key: "state", title: t("firmware.status"), cell: (job) => <StatusBadge kind="rollout" status={job.state} /> },
    {
      key: "done",
      title: t("firmware.succeeded"),
      isNumber: true,
      cell: (job) => link(job, "SUCCEEDED", job.tasks.succeeded),
    },
    {
      key: "failed",
      title: t("firmware.failed"),
      isNumber: true,
      cell: (job) => link(job, "FAILED", job.tasks.failed),
    },
    { key: "created", title: t("firmware.begun"), cell: (job) => <Time at={job.utcCreate} />, isWide: true },
  ];
}
