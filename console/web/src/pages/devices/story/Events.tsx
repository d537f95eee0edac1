import { Anchor, Select, Text } from "@mantine/core";
import { Link } from "react-router";
import { useLiveCall } from "~/api/hooks";
import { type Column, DataTable } from "~/parts/DataTable";
import { StatusBadge } from "~/parts/StatusBadge";
import { Time } from "~/parts/Time";
import { useQueryState } from "~/parts/useQueryState";
import { useWords, type Words } from "~/words/useWords";
import { type Named, wireOf } from "../parts/names";
import { Card } from "./Card";
import type { Event } from "./reading";

const KINDS = ["ONLINE", "OFFLINE", "VERSION", "TASK"] as const;
const PAGE_SIZE = 15;

/** Everything that is kept of the device, newest first. */
export function Events({ device }: { device: Named }) {
  const { t } = useWords();
  const query = useQueryState();
  const kind = KINDS.find((one) => one === query.get("kind"));
  const events = useLiveCall(
    "XListDeviceEvents",
    { ...wireOf(device), PageSize: PAGE_SIZE, CurrentPage: query.page, ...(kind ? { Kind: kind } : {}) },
    { keepPrevious: true },
  );
  return (
    <Card
      title={t("devices.events")}
      isTable
      aside={
        <Select
          aria-label={t("devices.kind")}
          placeholder={t("common.all")}
          data={KINDS.map((value) => ({ value, label: t(`devices.kind.${value}`) }))}
          value={kind ?? null}
          onChange={(value) => query.set({ kind: value })}
          clearable
          size="xs"
          w={170}
        />
      }
    >
      <DataTable
        label={t("devices.events")}
        columns={columnsOf(t)}
        rows={events.data?.data.event}
        rowKey={(row) => `${row.utcTime}${row.kind}${row.taskId}${row.attempt}${row.taskStatus}${row.moduleName}`}
        error={events.error}
        onRetry={() => void events.refetch()}
        isStale={events.isPlaceholderData}
        empty={
          <Text size="sm" c="dimmed">
            {t("devices.noEvents")}
          </Text>
        }
        page={query.page}
        pageCount={events.data?.pageCount}
        total={events.data?.total}
        onPage={query.setPage}
      />
    </Card>
  );
}

function columnsOf(t: Words["t"]): Column<Event>[] {
  return [
    { key: "time", title: t("common.time"), cell: (row) => <Time at={row.utcTime} exact /> },
    { key: "kind", title: t("devices.kind"), cell: (row) => t(`devices.kind.${row.kind as (typeof KINDS)[number]}`) },
    { key: "what", title: t("devices.what"), cell: (row) => <What event={row} /> },
    {
      key: "rollout",
      title: t("devices.rollout"),
      cell: (row) =>
        row.jobId === undefined ? (
          "–"
        ) : (
          <Anchor component={Link} to={`/rollouts/${row.jobId}`} size="sm">
            {row.jobId}
          </Anchor>
        ),
    },
  ];
}

function What({ event }: { event: Event }) {
  const { t } = useWords();
  if (event.kind === "VERSION") {
    return (
      <Text size="sm">
        {`${event.moduleName}: ${event.srcVersion === undefined ? "" : `${event.srcVersion} → `}${event.destVersion}`}
      </Text>
    );
  }
  if (event.kind !== "TASK") {
    return (
      <Text size="sm">
        {(event.connections ?? 1) > 1 ? t("devices.connections", { count: event.connections ?? 1 }) : "–"}
      </Text>
    );
  }
  return (
    <div>
      <StatusBadge kind="task" status={event.taskStatus ?? ""} />
      {(event.attempt ?? 1) > 1 && (
        <Text size="xs" c="dimmed">
          {t("devices.attempt", { attempt: event.attempt ?? 1 })}
        </Text>
      )}
      {event.words && <Text size="xs">{event.words}</Text>}
    </div>
  );
}
