import { Anchor, Button, Code, Group, NativeSelect, Text, TextInput } from "@mantine/core";
import { IconPackage, IconUpload } from "@tabler/icons-react";
import { useEffect, useId, useState } from "react";
import { Link } from "react-router";
import { useLiveCall, useMay } from "~/api/hooks";
import type { Answer } from "~/api/types";
import { useModuleChoices } from "~/pages/devices/parts/choices";
import { useProducts } from "~/pages/products/useProducts";
import { Bytes } from "~/parts/Bytes";
import { type Column, DataTable } from "~/parts/DataTable";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { StatusBadge } from "~/parts/StatusBadge";
import { Time } from "~/parts/Time";
import { useQueryState } from "~/parts/useQueryState";
import { useWords, type Words } from "~/words/useWords";

type Row = Answer<"ListOTAFirmware">["firmwareInfo"]["simpleFirmwareInfo"][number];

const PAGE_SIZE = 20;
const TYPING_MS = 350;
const STATUSES = [0, 2, 1, 3, -1] as const;

export default function FirmwarePage() {
  const { t } = useWords();
  const may = useMay();
  const query = useQueryState();
  const [product, version, module] = [query.get("product"), query.get("version"), query.get("module")];
  const status = statusIn(query.get("status"));
  const list = useLiveCall(
    "ListOTAFirmware",
    {
      CurrentPage: query.page,
      PageSize: PAGE_SIZE,
      ...(product ? { ProductKey: product } : {}),
      ...(version ? { DestVersion: version } : {}),
      ...(module ? { XModuleName: module } : {}),
      ...(status === null ? {} : { XStatus: status }),
    },
    { keepPrevious: true },
  );
  const upload = may("CreateOTAFirmware") && (
    <Button
      component={Link}
      to={product ? `/firmware/new?product=${encodeURIComponent(product)}` : "/firmware/new"}
      leftSection={<IconUpload size={17} aria-hidden />}
    >
      {t("firmware.new")}
    </Button>
  );
  const isFiltered = product !== "" || version !== "" || module !== "" || status !== null;
  return (
    <>
      <PageHeader title={t("firmware.title")} howTo="console-firmware" actions={upload}>
        {t("firmware.intro")}
      </PageHeader>
      <Filters />
      <DataTable
        label={t("firmware.title")}
        columns={columnsOf(t)}
        rows={list.data?.firmwareInfo.simpleFirmwareInfo}
        rowKey={(row) => row.firmwareId}
        error={list.error}
        onRetry={() => void list.refetch()}
        isStale={list.isPlaceholderData}
        page={query.page}
        pageCount={list.data?.pageCount}
        total={list.data?.total}
        onPage={query.setPage}
        empty={
          <EmptyState
            title={t(isFiltered ? "common.nothingMatches" : "firmware.none")}
            icon={<IconPackage size={32} aria-hidden />}
            action={
              isFiltered ? (
                <Button variant="default" onClick={query.clear}>
                  {t("common.clearFilters")}
                </Button>
              ) : (
                upload
              )
            }
          >
            {isFiltered ? undefined : t("firmware.noneHint")}
          </EmptyState>
        }
      />
    </>
  );
}

function Filters() {
  const { t } = useWords();
  const query = useQueryState();
  const { products } = useProducts();
  const product = query.get("product");
  return (
    <Group mb="md" gap="sm" component="search">
      <NativeSelect
        aria-label={t("firmware.product")}
        value={product}
        onChange={(event) => query.set({ product: event.currentTarget.value, module: null })}
        data={[
          { value: "", label: t("firmware.allProducts") },
          ...(products ?? []).map((one) => ({ value: one.productKey, label: one.productName })),
        ]}
      />
      <Typed name="version" />
      <Typed name="module" suggestions={useModuleChoices(product)} />
      <NativeSelect
        aria-label={t("firmware.status")}
        value={statusIn(query.get("status")) ?? ""}
        onChange={(event) => query.set({ status: event.currentTarget.value })}
        data={[
          { value: "", label: t("firmware.anyStatus") },
          ...STATUSES.map((value) => ({ value: String(value), label: t(`status.firmware.${value}`) })),
        ]}
      />
    </Group>
  );
}

/** What is typed goes into the address when it has settled. */
function Typed({ name, suggestions = [] }: { name: "version" | "module"; suggestions?: string[] }) {
  const { t } = useWords();
  const { get, set } = useQueryState();
  const id = useId();
  const now = get(name);
  const [typed, setTyped] = useState(now);
  useEffect(() => setTyped(now), [now]);
  useEffect(() => {
    const timer = setTimeout(() => typed.trim() !== now && set({ [name]: typed.trim() }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, now, set, name]);
  return (
    <>
      <TextInput
        aria-label={t(`firmware.${name}`)}
        placeholder={t(`firmware.${name}`)}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        list={suggestions.length > 0 ? id : undefined}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
      />
      {suggestions.length > 0 && (
        <datalist id={id}>
          {suggestions.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </>
  );
}

/** A status as the address has it; null for none of ours. */
function statusIn(text: string): (typeof STATUSES)[number] | null {
  return STATUSES.find((one) => String(one) === text) ?? null;
}

function columnsOf(t: Words["t"]): Column<Row>[] {
  return [
    {
      key: "name",
      title: t("firmware.name"),
      cell: (row) => (
        <>
          <Anchor component={Link} to={`/firmware/${row.firmwareId}`} fw={600} size="sm">
            {row.firmwareName}
          </Anchor>
          {row.firmwareDesc && (
            <Text size="xs" c="dimmed" lineClamp={1}>
              {row.firmwareDesc}
            </Text>
          )}
        </>
      ),
    },
    { key: "version", title: t("firmware.version"), cell: (row) => <Version row={row} /> },
    {
      key: "product",
      title: t("firmware.product"),
      cell: (row) => (
        <Anchor component={Link} to={`/products/${row.productKey}`} size="sm" c="inherit">
          {row.productName}
        </Anchor>
      ),
    },
    { key: "module", title: t("firmware.module"), cell: (row) => row.moduleName, isWide: true },
    {
      key: "status",
      title: t("firmware.status"),
      cell: (row) => <StatusBadge kind="firmware" status={row.status} />,
    },
    { key: "size", title: t("firmware.size"), isNumber: true, cell: (row) => <Bytes sizeBytes={row.firmwareSize} /> },
    { key: "created", title: t("firmware.added"), cell: (row) => <Time at={row.utcCreate} />, isWide: true },
  ];
}

/** A difference says where it starts. */
function Version({ row }: { row: Row }) {
  if (row.srcVersion === "") return <Code>{row.destVersion}</Code>;
  return (
    <Group gap={4} wrap="nowrap">
      <Code>{row.srcVersion}</Code>
      {"→"}
      <Code>{row.destVersion}</Code>
    </Group>
  );
}
