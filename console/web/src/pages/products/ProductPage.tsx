import { Button, Group, SimpleGrid, Skeleton, Stack, Tabs, Text } from "@mantine/core";
import { IconPlugConnected, IconUpload } from "@tabler/icons-react";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { useCall, useLiveCall, useMay } from "~/api/hooks";
import type { Answer } from "~/api/types";
import { EmptyState } from "~/parts/EmptyState";
import { ErrorNote } from "~/parts/ErrorNote";
import { PageHeader } from "~/parts/PageHeader";
import { StatCard } from "~/parts/StatCard";
import { useQueryState } from "~/parts/useQueryState";
import { useWords } from "~/words/useWords";
import { ConnectTab } from "./connect/ConnectTab";
import { Secret } from "./connect/Secret";
import { Modules } from "./one/Modules";
import { DeleteProduct, EditProduct } from "./one/ProductDialogs";
import { SettingsTab } from "./one/SettingsTab";
import { Versions } from "./one/Versions";

export type Product = Answer<"QueryProduct">["data"];

export default function ProductPage() {
  const { t } = useWords();
  const { productKey = "" } = useParams();
  const { data, error, refetch } = useCall("QueryProduct", { ProductKey: productKey });
  if (data) return <OneProduct product={data.data} />;
  return (
    <>
      <PageHeader
        title={t("products.one", { key: productKey })}
        crumbs={[{ title: t("products.title"), to: "/products" }]}
      />
      {error ? <ErrorNote error={error} onRetry={() => void refetch()} /> : <Skeleton h={260} aria-busy />}
    </>
  );
}

function OneProduct({ product }: { product: Product }) {
  const { t } = useWords();
  const may = useMay();
  const query = useQueryState();
  const [shown, setShown] = useState<"edit" | "delete" | null>(null);
  const tab = query.get("tab") || "overview";
  const close = () => setShown(null);
  return (
    <>
      <PageHeader
        title={product.productName}
        crumbs={[{ title: t("products.title"), to: "/products" }]}
        howTo={tab === "connect" ? "console-connect-a-device" : "console-products"}
        actions={
          <>
            {may("DeleteProduct") && (
              <Button variant="subtle" color="clay" onClick={() => setShown("delete")}>
                {t("common.delete")}
              </Button>
            )}
            {may("UpdateProduct") && (
              <Button variant="default" onClick={() => setShown("edit")}>
                {t("products.edit")}
              </Button>
            )}
            {may("CreateOTAFirmware") && (
              <Button
                component={Link}
                to={`/firmware/new?product=${product.productKey}`}
                leftSection={<IconUpload size={17} aria-hidden />}
              >
                {t("products.toUpload")}
              </Button>
            )}
          </>
        }
      >
        <Group gap="sm">
          <Secret value={product.productKey} of="ProductKey" />
          <Text size="sm">{product.description}</Text>
        </Group>
      </PageHeader>
      <Tabs
        value={tab}
        onChange={(value) => query.set({ tab: value === "overview" ? null : value })}
        keepMounted={false}
      >
        <Tabs.List mb="lg">
          <Tabs.Tab value="overview">{t("products.overview")}</Tabs.Tab>
          <Tabs.Tab value="connect">{t("products.connect")}</Tabs.Tab>
          <Tabs.Tab value="settings">{t("products.settings")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="overview">
          <OverviewTab product={product} onConnect={() => query.set({ tab: "connect" })} />
        </Tabs.Panel>
        <Tabs.Panel value="connect">
          <ConnectTab productKey={product.productKey} />
        </Tabs.Panel>
        <Tabs.Panel value="settings">
          <SettingsTab product={product} />
        </Tabs.Panel>
      </Tabs>
      <EditProduct product={product} opened={shown === "edit"} onClose={close} />
      <DeleteProduct product={product} opened={shown === "delete"} onClose={close} />
    </>
  );
}

function OverviewTab({ product, onConnect }: { product: Product; onConnect: () => void }) {
  const { t } = useWords();
  const { productKey } = product;
  const { data, error, refetch } = useLiveCall("XQueryOverview", { ProductKey: productKey });
  if (error) return <ErrorNote error={error} onRetry={() => void refetch()} />;
  const found = data?.data.products[0];
  const devices = found?.devices;
  const to = (state: string) => `/devices?product=${productKey}&state=${state}`;
  return (
    <Stack gap="lg">
      {devices?.total === 0 && (
        <EmptyState
          title={t("products.noDevices")}
          icon={<IconPlugConnected size={32} aria-hidden />}
          action={<Button onClick={onConnect}>{t("products.connect")}</Button>}
        >
          {t("products.noDevicesHint")}
        </EmptyState>
      )}
      <SimpleGrid cols={{ base: 2, xs: 3, md: devices?.disable ? 6 : 5 }} spacing="md">
        <StatCard label={t("products.devices")} value={devices?.total} to={`/devices?product=${productKey}`} />
        <StatCard label={t("products.online")} value={devices?.online} to={to("ONLINE")} color="marsh" />
        <StatCard label={t("products.offline")} value={devices?.offline} to={to("OFFLINE")} />
        <StatCard label={t("products.unactive")} value={devices?.unactive} to={to("UNACTIVE")} />
        {devices && devices.disable > 0 && (
          <StatCard label={t("status.device.DISABLE")} value={devices.disable} to={to("DISABLE")} />
        )}
        <StatCard
          label={t("products.firmware")}
          value={data?.data.firmware.total}
          to={`/firmware?product=${productKey}`}
        />
      </SimpleGrid>
      {found && found.devices.total > 0 && <Versions product={found} />}
      <Modules productKey={productKey} />
    </Stack>
  );
}
