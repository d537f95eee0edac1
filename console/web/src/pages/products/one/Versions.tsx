import { Anchor, NativeSelect, Progress, Skeleton, Table, Text } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { useCall } from "~/api/hooks";
import type { Answer } from "~/api/types";
import { ErrorNote } from "~/parts/ErrorNote";
import { Section } from "~/parts/Section";
import { useWords } from "~/words/useWords";
import { devicesAt } from "../links";

type Standing = Answer<"XQueryOverview">["data"]["products"][number];
type Share = Standing["versions"][number];

const SHOWN_MAX = 12;

/** Which versions the fleet runs: bars that are a table, each a link to its devices. */
export function Versions({ product }: { product: Standing }) {
  const { t } = useWords();
  const { productKey } = product;
  const [moduleName, setModuleName] = useState("default");
  const isDefault = moduleName === "default";
  const modules = useCall("ListOTAModuleByProduct", { ProductKey: productKey });
  const health = useCall(
    "XQueryFleetHealth",
    { ProductKey: productKey, ModuleName: moduleName },
    { enabled: !isDefault },
  );
  const names = [...new Set(["default", ...(modules.data?.data ?? []).map((one) => one.moduleName)])];
  const rows = health.data?.data.versions.slice(0, SHOWN_MAX);
  const reported = rows?.filter(({ version }) => version !== "").map((row) => ({ ...row, count: row.deviceCount }));
  const shares = isDefault ? product.versions : reported;
  return (
    <Section
      title={t("products.versions")}
      actions={
        names.length > 1 && (
          <NativeSelect
            size="xs"
            aria-label={t("products.module")}
            value={moduleName}
            onChange={(event) => setModuleName(event.currentTarget.value)}
            data={names}
          />
        )
      }
    >
      {health.error && !isDefault && <ErrorNote error={health.error} />}
      {shares ? <Bars product={product} moduleName={moduleName} shares={shares} /> : <Skeleton h={120} aria-busy />}
    </Section>
  );
}

function Bars({ product, moduleName, shares }: { product: Standing; moduleName: string; shares: Share[] }) {
  const { t, format } = useWords();
  const { devices, otherCount, neverReportedCount, productKey } = product;
  const rest = moduleName === "default" ? [otherCount, neverReportedCount] : [0, 0];
  if (shares.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("products.noVersions")}
      </Text>
    );
  }
  const bar = (count: number, color: string) => (
    <Progress value={(count / Math.max(devices.total, 1)) * 100} color={color} size="lg" aria-hidden />
  );
  return (
    <Table aria-label={t("products.versions")} fz="sm" withRowBorders={false} verticalSpacing={4} horizontalSpacing={6}>
      <Table.Tbody>
        {shares.map(({ version, count }) => (
          <Table.Tr key={version}>
            <Table.Th scope="row" w="22%" fw={550} style={{ overflowWrap: "anywhere" }}>
              {version}
            </Table.Th>
            <Table.Td>{bar(count, "estuary")}</Table.Td>
            <Table.Td w={88} ta="end">
              <Anchor component={Link} to={devicesAt(productKey, version, moduleName)} inherit>
                {format.number(count)}
              </Anchor>
            </Table.Td>
            <Table.Td w={60} ta="end" c="dimmed">
              {format.percent(count / Math.max(devices.total, 1))}
            </Table.Td>
          </Table.Tr>
        ))}
        {[t("products.otherVersions"), t("products.neverReported")].map((name, index) => {
          const count = rest[index] ?? 0;
          return (
            count > 0 && (
              <Table.Tr key={name}>
                <Table.Th scope="row" fw={400} c="dimmed">
                  {name}
                </Table.Th>
                <Table.Td>{bar(count, "gray")}</Table.Td>
                <Table.Td ta="end">
                  <Anchor
                    component={Link}
                    to={`/devices?product=${productKey}${index === 1 ? "&never=1" : ""}`}
                    inherit
                  >
                    {format.number(count)}
                  </Anchor>
                </Table.Td>
                <Table.Td ta="end" c="dimmed">
                  {format.percent(count / Math.max(devices.total, 1))}
                </Table.Td>
              </Table.Tr>
            )
          );
        })}
      </Table.Tbody>
    </Table>
  );
}
