import { Alert, Anchor, Badge, Button, Checkbox, Group, Text } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconCpu, IconZoomQuestion } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { Link } from "react-router";
import { useMay } from "~/api/hooks";
import { type Column, DataTable } from "~/parts/DataTable";
import { EmptyState } from "~/parts/EmptyState";
import { StatusBadge } from "~/parts/StatusBadge";
import { Time } from "~/parts/Time";
import { useQueryState } from "~/parts/useQueryState";
import { useWords, type Words } from "~/words/useWords";
import { DeviceMenu } from "../parts/DeviceMenu";
import { type Asked, Dialogs } from "../parts/Dialogs";
import classes from "../parts/devices.module.css";
import { storyOf } from "../parts/names";
import type { Listing } from "./listing";
import { SelectionBar } from "./SelectionBar";
import { type Row, useDevicePages } from "./useDevicePages";

interface DeviceListProps {
  filters: Listing;
  /** When there is nothing, and nothing narrows. */
  empty: ReactNode;
  /** Further things to do with what is selected. */
  selectedActions?: (rows: Row[], clear: () => void) => ReactNode;
}

/** Devices by any filters, live; selected ones stay selected from page to page. */
export function DeviceList({ filters, empty, selectedActions }: DeviceListProps) {
  const { t } = useWords();
  const may = useMay();
  const query = useQueryState();
  const pages = useDevicePages(filters, query.page);
  const [selected, setSelected] = useState<ReadonlyMap<string, Row>>(new Map());
  const [asked, setAsked] = useState<Asked | null>(null);
  const { data, error } = pages.list;
  const toggle = (row: Row) =>
    setSelected((before) => {
      const after = new Map(before);
      if (!after.delete(row.iotId)) after.set(row.iotId, row);
      return after;
    });
  const maySelect = may("BatchAddDeviceGroupRelations") || may("SaveDeviceProp") || may("CreateOTAStaticUpgradeJob");
  const columns = columnsOf(t, maySelect ? { selected, toggle } : null, setAsked);
  return (
    <>
      <DataTable
        label={t("devices.title")}
        columns={columns}
        rows={pages.rows}
        rowKey={(row) => row.iotId}
        error={error}
        onRetry={() => void pages.list.refetch()}
        isLoading={pages.list.isPending}
        isStale={pages.list.isPlaceholderData}
        empty={query.isEmpty ? empty : <NothingFound isWhole={data?.isWholeAnswer ?? true} onClear={query.clear} />}
        page={data?.currentPage}
        pageCount={data?.pageCount}
        total={data?.total}
        onPage={query.setPage}
      />
      {!pages.isCounted && data !== undefined && <Onward pages={pages} />}
      {selected.size > 0 && (
        <SelectionBar
          rows={[...selected.values()]}
          onAsk={setAsked}
          onClear={() => setSelected(new Map())}
          onAll={() =>
            setSelected(new Map([...selected, ...(pages.rows ?? []).map((row) => [row.iotId, row] as const)]))
          }
        >
          {selectedActions?.([...selected.values()], () => setSelected(new Map()))}
        </SelectionBar>
      )}
      <Dialogs asked={asked} onClose={() => setAsked(null)} />
    </>
  );
}

/** Where nothing is counted: how far the server has looked, and on. */
function Onward({ pages }: { pages: ReturnType<typeof useDevicePages> }) {
  const { t } = useWords();
  const { isWholeAnswer = true, searched = 0, searchable = 0 } = pages.list.data ?? {};
  return (
    <Group justify="space-between" mt="sm" gap="xs">
      <Text size="sm" c="dimmed" role="status">
        {t("devices.searched", { searched, searchable })}
      </Text>
      <Group gap="xs" component="nav" aria-label={t("common.pages")}>
        <Button
          variant="default"
          size="xs"
          disabled={pages.back === undefined}
          onClick={pages.back}
          leftSection={<IconChevronLeft size={15} aria-hidden />}
        >
          {t("devices.back")}
        </Button>
        <Button
          variant={isWholeAnswer ? "default" : "filled"}
          size="xs"
          disabled={pages.forth === undefined}
          onClick={pages.forth}
          rightSection={<IconChevronRight size={15} aria-hidden />}
        >
          {isWholeAnswer ? t("devices.next") : t("devices.goOn")}
        </Button>
      </Group>
    </Group>
  );
}

function NothingFound({ isWhole, onClear }: { isWhole: boolean; onClear: () => void }) {
  const { t } = useWords();
  if (!isWhole) {
    return (
      <Alert color="sand" icon={<IconZoomQuestion aria-hidden />} title={t("devices.nothingSoFar")}>
        {t("devices.nothingSoFarHint")}
      </Alert>
    );
  }
  return (
    <EmptyState
      title={t("common.nothingMatches")}
      icon={<IconCpu size={32} aria-hidden />}
      action={
        <Button variant="default" onClick={onClear}>
          {t("common.clearFilters")}
        </Button>
      }
    />
  );
}

type Selecting = { selected: ReadonlyMap<string, Row>; toggle: (row: Row) => void } | null;

function columnsOf(t: Words["t"], selecting: Selecting, onAsk: (asked: Asked) => void): Column<Row>[] {
  return [
    { key: "name", title: t("devices.device"), cell: (row) => <Name row={row} selecting={selecting} /> },
    { key: "state", title: t("devices.state"), cell: (row) => <StatusBadge kind="device" status={row.state} /> },
    {
      key: "product",
      title: t("devices.product"),
      cell: (row) => (
        <Anchor component={Link} to={`/products/${row.productKey}`} size="sm">
          {row.productName}
        </Anchor>
      ),
      isWide: true,
    },
    { key: "versions", title: t("devices.versions"), cell: (row) => <Versions row={row} /> },
    {
      key: "seen",
      title: t("devices.seen"),
      cell: (row) => (row.state === "ONLINE" ? t("devices.now") : <Time at={row.utcOnline} />),
    },
    { key: "address", title: t("devices.address"), cell: (row) => row.ipAddress || "–", isWide: true },
    {
      key: "actions",
      title: t("devices.actions"),
      isAction: true,
      cell: (row) => <DeviceMenu device={row} onAsk={onAsk} />,
    },
  ];
}

function Name({ row, selecting }: { row: Row; selecting: Selecting }) {
  const { t } = useWords();
  return (
    <div className={classes.name}>
      {selecting && (
        <Checkbox
          size="xs"
          mt={3}
          aria-label={t("devices.select", { name: row.deviceName })}
          checked={selecting.selected.has(row.iotId)}
          onChange={() => selecting.toggle(row)}
        />
      )}
      <div>
        <Anchor component={Link} to={storyOf(row)} fw={600} size="sm">
          {row.deviceName}
        </Anchor>
        {row.nickname !== "" && (
          <Text size="xs" c="dimmed">
            {row.nickname}
          </Text>
        )}
      </div>
    </div>
  );
}

const VERSIONS_SHOWN = 3;

function Versions({ row }: { row: Row }) {
  const { t } = useWords();
  if (row.versions.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t("devices.noVersion")}
      </Text>
    );
  const more = row.versions.length - VERSIONS_SHOWN;
  return (
    <span className={classes.tags}>
      {row.versions.slice(0, VERSIONS_SHOWN).map((one) => (
        <Badge key={one.moduleName} variant="default" tt="none" fw={500} miw="max-content">
          {one.moduleName === "default" ? one.version : `${one.moduleName} ${one.version}`}
        </Badge>
      ))}
      {more > 0 && <Text size="xs">{`+${more}`}</Text>}
    </span>
  );
}
