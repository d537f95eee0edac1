import { Anchor, Text, Title } from "@mantine/core";
import { Link } from "react-router";
import { useLiveCall } from "~/api/hooks";
import type { Answer } from "~/api/types";
import { type Column, DataTable } from "~/parts/DataTable";
import { StatusBadge } from "~/parts/StatusBadge";
import { Time } from "~/parts/Time";
import { useWords, type Words } from "~/words/useWords";

type Job = Answer<"XListOTAJobs">["data"]["jobs"][number];

const SHOWN = 10;

/** What was, and is, rolled out to the group. */
export function Rollouts({ groupId }: { groupId: string }) {
  const { t } = useWords();
  const jobs = useLiveCall("XListOTAJobs", { GroupId: groupId, PageSize: SHOWN });
  return (
    <section aria-labelledby="group-rollouts">
      <Title order={2} size="h4" mb="sm" id="group-rollouts">
        {t("groups.rollouts")}
      </Title>
      <DataTable
        label={t("groups.rollouts")}
        columns={columnsOf(t)}
        rows={jobs.data?.data.jobs}
        rowKey={(row) => row.jobId}
        error={jobs.error}
        onRetry={() => void jobs.refetch()}
        empty={
          <Text size="sm" c="dimmed">
            {t("groups.noRollouts")}
          </Text>
        }
      />
    </section>
  );
}

function columnsOf(t: Words["t"]): Column<Job>[] {
  return [
    {
      key: "what",
      title: t("groups.rollout"),
      cell: (job) => (
        <Anchor component={Link} to={`/rollouts/${job.jobId}`} size="sm" fw={600}>
          {`${job.productName} ${job.moduleName === "default" ? "" : `${job.moduleName} `}${job.destVersion}`}
        </Anchor>
      ),
    },
    { key: "state", title: t("groups.state"), cell: (job) => <StatusBadge kind="rollout" status={job.state} /> },
    {
      key: "done",
      title: t("groups.done"),
      cell: (job) => t("groups.ofDevices", { done: job.tasks.succeeded, count: job.taskCount }),
    },
    { key: "created", title: t("groups.created"), cell: (job) => <Time at={job.utcCreate} /> },
  ];
}
