import { Anchor, Button, Text } from "@mantine/core";
import { IconPlus, IconStack2 } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { useCall, useLiveCall, useMay } from "~/api/hooks";
import type { Answer } from "~/api/types";
import { CopyButton } from "~/parts/CopyButton";
import { type Column, DataTable } from "~/parts/DataTable";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { Time } from "~/parts/Time";
import { useQueryState } from "~/parts/useQueryState";
import { useWords, type Words } from "~/words/useWords";
import { NewProductDialog } from "./NewProductDialog";

type Product = Answer<"QueryProductList">["data"]["list"]["productInfo"][number];
type States = Answer<"XQueryOverview">["data"]["devices"];
type Row = Product & { states: States | undefined };

const PAGE_SIZE = 20;

export default function ProductsPage() {
  const words = useWords();
  const { t } = words;
  const may = useMay();
  const query = useQueryState();
  const [isOpen, setIsOpen] = useState(false);
  const list = useCall("QueryProductList", { CurrentPage: query.page, PageSize: PAGE_SIZE }, { keepPrevious: true });
  // The newest hundred have their devices by state there; older ones their number alone.
  const overview = useLiveCall("XQueryOverview", {}, { enabled: may("XQueryOverview") });
  const states = new Map(overview.data?.data.products.map((one) => [one.productKey, one.devices]));
  const rows = list.data?.data.list.productInfo.map((one): Row => ({ ...one, states: states.get(one.productKey) }));
  const create = may("CreateProduct") && (
    <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={() => setIsOpen(true)}>
      {t("products.new")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("products.title")} howTo="console-products" actions={create}>
        {t("products.intro")}
      </PageHeader>
      <DataTable
        label={t("products.title")}
        columns={columnsOf(words)}
        rows={rows}
        rowKey={(row) => row.productKey}
        error={list.error}
        onRetry={() => void list.refetch()}
        isStale={list.isPlaceholderData}
        page={query.page}
        pageCount={list.data?.data.pageCount}
        total={list.data?.data.total}
        onPage={query.setPage}
        empty={
          <EmptyState title={t("products.none")} icon={<IconStack2 size={32} aria-hidden />} action={create}>
            {t("products.noneHint")}
          </EmptyState>
        }
      />
      <NewProductDialog opened={isOpen} onClose={() => setIsOpen(false)} />
    </>
  );
}

function columnsOf({ t, format }: Words): Column<Row>[] {
  const count = (row: Row, state: string, number: number | undefined) =>
    number === undefined ? (
      "–"
    ) : (
      <Anchor component={Link} to={`/devices?product=${row.productKey}${state && `&state=${state}`}`} size="sm">
        {format.number(number)}
      </Anchor>
    );
  return [
    {
      key: "name",
      title: t("products.name"),
      cell: (row) => (
        <>
          <Anchor component={Link} to={`/products/${row.productKey}`} fw={600} size="sm">
            {row.productName}
          </Anchor>
          {row.description && (
            <Text size="xs" c="dimmed" lineClamp={1}>
              {row.description}
            </Text>
          )}
        </>
      ),
    },
    {
      key: "key",
      title: "ProductKey",
      cell: (row) => (
        <Text component="span" size="sm" ff="monospace">
          {row.productKey} <CopyButton value={row.productKey} of="ProductKey" />
        </Text>
      ),
    },
    {
      key: "devices",
      title: t("products.devices"),
      isNumber: true,
      cell: (row) => count(row, "", row.states?.total ?? row.deviceCount),
    },
    { key: "on", title: t("products.online"), isNumber: true, cell: (row) => count(row, "ONLINE", row.states?.online) },
    {
      key: "off",
      title: t("products.offline"),
      isNumber: true,
      cell: (row) => count(row, "OFFLINE", row.states?.offline),
    },
    {
      key: "never",
      title: t("products.unactive"),
      isNumber: true,
      cell: (row) => count(row, "UNACTIVE", row.states?.unactive),
    },
    {
      key: "disabled",
      title: t("products.disabled"),
      isNumber: true,
      isWide: true,
      cell: (row) => count(row, "DISABLE", row.states?.disable),
    },
    { key: "created", title: t("products.created"), cell: (row) => <Time at={row.gmtCreate} />, isWide: true },
  ];
}
