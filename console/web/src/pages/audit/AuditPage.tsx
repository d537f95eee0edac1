import { Anchor, Button, Stack, Text } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useState } from "react";
import { useLiveCall, useMay } from "~/api/hooks";
import { type Column, DataTable } from "~/parts/DataTable";
import { EmptyState } from "~/parts/EmptyState";
import { NotAllowed } from "~/parts/NotAllowed";
import { PageHeader } from "~/parts/PageHeader";
import { Time } from "~/parts/Time";
import { useQueryState } from "~/parts/useQueryState";
import { useWords, type Words } from "~/words/useWords";
import { ActorLink } from "./ActorLink";
import { AuditFilters } from "./AuditFilters";
import { ChainCard } from "./ChainCard";
import { EntryDrawer } from "./EntryDrawer";
import { type Entry, placesOf } from "./entries";
import { OutcomeBadge } from "./OutcomeBadge";
import { PlaceLink } from "./PlaceLink";

const ROWS = 20;

export default function AuditPage() {
  const { t } = useWords();
  const may = useMay();
  return (
    <>
      <PageHeader title={t("audit.title")} howTo="console-audit">
        {t("audit.intro")}
      </PageHeader>
      {may("XListAuditEvents") ? <Trail /> : <NotAllowed />}
    </>
  );
}

function Trail() {
  const { t } = useWords();
  const query = useQueryState();
  const [opened, setOpened] = useState<Entry | null>(null);
  const list = useLiveCall(
    "XListAuditEvents",
    { ...narrowed(query.get), CurrentPage: query.page, PageSize: ROWS },
    { keepPrevious: true },
  );
  return (
    <Stack gap="md">
      <AuditFilters query={query} />
      <div>
        <DataTable
          label={t("audit.title")}
          columns={columnsOf(t, setOpened)}
          rows={list.data?.data.auditEvent}
          rowKey={(row) => String(row.number)}
          error={list.error}
          onRetry={() => void list.refetch()}
          isStale={list.isPlaceholderData}
          empty={<Nothing isNarrowed={!query.isEmpty} onClear={query.clear} />}
          page={query.page}
          pageCount={list.data?.pageCount}
          total={list.data?.total}
          onPage={query.setPage}
        />
      </div>
      <ChainCard />
      <EntryDrawer entry={opened} onClose={() => setOpened(null)} />
    </Stack>
  );
}

/** The one filter that the address says: the server narrows by one. */
function narrowed(get: (name: string) => string) {
  const beforeMs = Date.parse(get("before"));
  if (get("actor") !== "") return { EventAccessKeyId: get("actor") };
  if (get("action") !== "") return { EventName: get("action") };
  return Number.isNaN(beforeMs) ? {} : { EventBefore: beforeMs };
}

function Nothing({ isNarrowed, onClear }: { isNarrowed: boolean; onClear: () => void }) {
  const { t } = useWords();
  const icon = <IconHistory size={32} stroke={1.5} aria-hidden />;
  if (!isNarrowed) {
    return (
      <EmptyState title={t("audit.empty")} icon={icon}>
        {t("audit.emptyHint")}
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title={t("common.nothingMatches")}
      icon={icon}
      action={
        <Button variant="default" onClick={onClear}>
          {t("common.clearFilters")}
        </Button>
      }
    />
  );
}

function columnsOf(t: Words["t"], open: (entry: Entry) => void): Column<Entry>[] {
  return [
    {
      key: "action",
      title: t("audit.action"),
      cell: (row) => (
        <Anchor component="button" type="button" inherit fw={600} ta="start" onClick={() => open(row)}>
          {row.action}
        </Anchor>
      ),
    },
    {
      key: "actor",
      title: t("audit.actor"),
      cell: (row) => <ActorLink actor={row.accessKeyId} />,
    },
    { key: "about", title: t("audit.about"), cell: (row) => <About entry={row} /> },
    { key: "outcome", title: t("audit.outcome"), cell: (row) => <OutcomeBadge outcome={row.outcome} /> },
    { key: "time", title: t("common.time"), cell: (row) => <Time at={row.utcTime} /> },
    { key: "number", title: t("audit.number"), cell: (row) => row.number, isNumber: true, isWide: true },
  ];
}

function About({ entry }: { entry: Entry }) {
  return (
    <Text component="span" size="sm">
      {placesOf(entry).map((place, index) => (
        <span key={place.to}>
          {index > 0 && " · "}
          <PlaceLink place={place} />
        </span>
      ))}
    </Text>
  );
}
