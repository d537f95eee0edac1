import { Anchor, Text } from "@mantine/core";
import { useEffect, useRef } from "react";
import { Link } from "react-router";
import { useLiveCall } from "~/api/hooks";
import type { Answer } from "~/api/types";
import { type Column, DataTable } from "~/parts/DataTable";
import { EmptyState } from "~/parts/EmptyState";
import { StatusBadge } from "~/parts/StatusBadge";
import { Time } from "~/parts/Time";
import { useQueryState } from "~/parts/useQueryState";
import { useWords, type Words } from "~/words/useWords";
import { countOf, STATUSES, type TaskStatus, totalOf } from "../parts/counts";
import classes from "../rollouts.module.css";
import { reasonTitle } from "./Failures";
import type { Job, Rollout } from "./reading";
import { TaskActions } from "./TaskActions";

export type Task = Answer<"ListOTATaskByJob">["data"]["simpleOTATaskInfo"][number];
const PAGE_SIZE = 10;

interface TasksProps {
  job: Job;
  rollout: Rollout;
}

/** The job's devices, by status or by the reason of their failure: `?status=FAILED`, `?reason=16`. */
export function Tasks({ job, rollout }: TasksProps) {
  const words = useWords();
  const { t } = words;
  const query = useQueryState();
  const status = STATUSES.find((one) => one === query.get("status"));
  const reason = Number(query.get("reason")) || 0;
  const page = { JobId: job.jobId, CurrentPage: query.page, PageSize: PAGE_SIZE };
  const byStatus = useLiveCall(
    "ListOTATaskByJob",
    { ...page, ...(status === undefined ? {} : { TaskStatus: status }) },
    { keepPrevious: true, enabled: reason === 0 },
  );
  const byReason = useLiveCall(
    "XListOTATaskByReason",
    { ...page, ReasonId: reason },
    { keepPrevious: true, enabled: reason !== 0 },
  );
  const list = reason === 0 ? byStatus : byReason;
  return (
    <>
      <Filters rollout={rollout} status={status} reason={reason} />
      <DataTable
        label={t("rollouts.tasks")}
        columns={columnsOf(words, job)}
        rows={list.data?.data.simpleOTATaskInfo}
        rowKey={(row) => row.taskId}
        error={list.error}
        onRetry={() => void list.refetch()}
        isLoading={list.isPending}
        isStale={list.isPlaceholderData}
        page={query.page}
        pageCount={list.data?.pageCount}
        total={list.data?.total}
        onPage={query.setPage}
        empty={
          totalOf(rollout.tasks) === 0 ? undefined : (
            <EmptyState title={t("common.nothingMatches")}>{t("rollouts.noTasksHint")}</EmptyState>
          )
        }
      />
    </>
  );
}

function Filters({ rollout, status, reason }: { rollout: Rollout; status: TaskStatus | undefined; reason: number }) {
  const { t, format, maybe } = useWords();
  const place = useRef<HTMLElement>(null);
  const wanted = `${status ?? ""}${reason}`;
  const before = useRef(wanted);
  useEffect(() => {
    // Whoever follows a number from further up is taken to its rows.
    if (before.current !== wanted) place.current?.scrollIntoView({ block: "nearest" });
    before.current = wanted;
  }, [wanted]);
  const at = `/rollouts/${rollout.jobId}`;
  const reasons = useLiveCall("XListOTAFailureReasons", { JobId: rollout.jobId }, { enabled: reason !== 0 });
  const chosen = reasons.data?.data.reason.find((one) => one.reasonId === String(reason));
  return (
    <nav ref={place} className={classes.filters} aria-label={t("rollouts.taskFilter")}>
      <Link to={at} className={classes.filter} aria-current={status === undefined && reason === 0} replace>
        {t("common.all")} <b>{format.number(totalOf(rollout.tasks))}</b>
      </Link>
      {STATUSES.filter((one) => countOf(rollout.tasks, one) > 0 || one === status).map((one) => (
        <Link key={one} to={`${at}?status=${one}`} className={classes.filter} aria-current={one === status} replace>
          {maybe(`status.task.${one}`, one)} <b>{format.number(countOf(rollout.tasks, one))}</b>
        </Link>
      ))}
      {reason !== 0 && (
        <Link to={at} className={classes.filter} aria-current replace>
          {t("rollouts.onlyReason", { reason: chosen ? reasonTitle(maybe, chosen.code) : String(reason) })}
        </Link>
      )}
    </nav>
  );
}

function State({ task }: { task: Task }) {
  const { format } = useWords();
  return (
    <>
      <StatusBadge kind="task" status={task.taskStatus} />
      {task.taskStatus === "IN_PROGRESS" && (
        <Text component="span" size="sm" ml={6}>
          {format.percent((Number(task.progress) || 0) / 100)}
        </Text>
      )}
    </>
  );
}

function columnsOf({ t }: Words, job: Job): Column<Task>[] {
  return [
    {
      key: "device",
      title: t("rollouts.device"),
      cell: (task) => (
        <Anchor
          component={Link}
          to={`/devices/${task.productKey}/${encodeURIComponent(task.deviceName)}`}
          fw={600}
          size="sm"
        >
          {task.deviceName}
        </Anchor>
      ),
    },
    { key: "status", title: t("rollouts.state"), cell: (task) => <State task={task} /> },
    { key: "from", title: t("rollouts.from"), cell: (task) => task.srcVersion || t("common.unknown"), isWide: true },
    { key: "changed", title: t("rollouts.changed"), cell: (task) => <Time at={task.utcModified} /> },
    {
      key: "desc",
      title: t("rollouts.desc"),
      cell: (task) => (
        <Text size="sm" lineClamp={2}>
          {task.taskDesc || "–"}
        </Text>
      ),
    },
    {
      key: "actions",
      title: t("rollouts.actions"),
      isAction: true,
      cell: (task) => <TaskActions task={task} job={job} />,
    },
  ];
}
