import { Anchor, Badge, Button, Group, SegmentedControl, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconPlus, IconSearch, IconTopologyStar3 } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { useLiveCall, useMay } from "~/api/hooks";
import type { Answer, Parameters } from "~/api/types";
import { type Column, DataTable } from "~/parts/DataTable";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { Time } from "~/parts/Time";
import { useQueryState } from "~/parts/useQueryState";
import { useWords, type Words } from "~/words/useWords";
import { NewGroupDialog } from "./NewGroupDialog";

type Row = Answer<"QueryDeviceGroupList">["data"]["groupInfo"][number];
type Kinds = NonNullable<Parameters<"QueryDeviceGroupList">["GroupTypes"]>;

const PAGE_SIZE = 20;
const TYPING_MS = 300;
const STATIC = "LINK_PLATFORM";
const DYNAMIC = "LINK_PLATFORM_DYNAMIC";
const KINDS: Record<string, Kinds> = { "": [STATIC, DYNAMIC], static: [STATIC], dynamic: [DYNAMIC] };

export default function GroupsPage() {
  const { t } = useWords();
  const query = useQueryState();
  const may = useMay();
  const [isMaking, setIsMaking] = useState(false);
  const list = useLiveCall(
    "QueryDeviceGroupList",
    {
      CurrentPage: query.page,
      PageSize: PAGE_SIZE,
      GroupTypes: KINDS[query.get("kind")] ?? KINDS[""],
      ...(query.get("name") === "" ? {} : { GroupName: query.get("name") }),
    },
    { keepPrevious: true },
  );
  const make = may("CreateDeviceGroup") && (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setIsMaking(true)}>
      {t("groups.new")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("groups.title")} howTo="console-groups" actions={make}>
        {t("groups.intro")}
      </PageHeader>
      <Filters />
      <DataTable
        label={t("groups.title")}
        columns={columnsOf(t)}
        rows={list.data?.data.groupInfo}
        rowKey={(row) => row.groupId}
        error={list.error}
        onRetry={() => void list.refetch()}
        isStale={list.isPlaceholderData}
        empty={
          query.isEmpty ? (
            <EmptyState title={t("groups.emptyTitle")} icon={<IconTopologyStar3 size={32} aria-hidden />} action={make}>
              {t("groups.emptyHint")}
            </EmptyState>
          ) : (
            <EmptyState
              title={t("common.nothingMatches")}
              icon={<IconTopologyStar3 size={32} aria-hidden />}
              action={
                <Button variant="default" onClick={query.clear}>
                  {t("common.clearFilters")}
                </Button>
              }
            />
          )
        }
        page={query.page}
        pageCount={list.data?.pageCount}
        total={list.data?.total}
        onPage={query.setPage}
      />
      {isMaking && <NewGroupDialog onClose={() => setIsMaking(false)} />}
    </>
  );
}

function Filters() {
  const { t } = useWords();
  const query = useQueryState();
  const [text, setText] = useState(query.get("name"));
  const ask = useDebouncedCallback((name: string) => query.set({ name: name.trim() }), TYPING_MS);
  return (
    <Group component="search" aria-label={t("groups.filters")} gap="sm" mb="md" align="flex-end">
      <TextInput
        type="search"
        label={t("groups.find")}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          ask(event.currentTarget.value);
        }}
        w={{ base: "100%", xs: 260 }}
      />
      <SegmentedControl
        aria-label={t("groups.kind")}
        data={[
          { value: "", label: t("common.all") },
          { value: "static", label: t("groups.static") },
          { value: "dynamic", label: t("groups.dynamic") },
        ]}
        value={query.get("kind")}
        onChange={(kind) => query.set({ kind })}
      />
    </Group>
  );
}

function columnsOf(t: Words["t"]): Column<Row>[] {
  return [
    {
      key: "name",
      title: t("groups.name"),
      cell: (row) => (
        <>
          <Anchor component={Link} to={`/groups/${row.groupId}`} fw={600} size="sm">
            {row.groupName}
          </Anchor>
          {row.groupDesc !== "" && (
            <Text size="xs" c="dimmed">
              {row.groupDesc}
            </Text>
          )}
        </>
      ),
    },
    { key: "kind", title: t("groups.kind"), cell: (row) => <KindBadge type={row.groupType} /> },
    {
      key: "devices",
      title: t("groups.devices"),
      isNumber: true,
      cell: (row) => (
        <Anchor component={Link} to={`/devices?group=${row.groupId}`} size="sm">
          {row.xDeviceCount === undefined ? t("groups.show") : t("groups.count", { count: row.xDeviceCount })}
        </Anchor>
      ),
    },
    { key: "created", title: t("groups.created"), cell: (row) => <Time at={row.utcCreate} />, isWide: true },
  ];
}

export function KindBadge({ type }: { type: string }) {
  const { t } = useWords();
  return (
    <Badge variant="light" color={type === STATIC ? "gray" : "estuary"} tt="none" fw={600} miw="max-content">
      {type === STATIC ? t("groups.static") : t("groups.dynamic")}
    </Badge>
  );
}
