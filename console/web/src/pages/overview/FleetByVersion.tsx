import { Anchor, SimpleGrid, Table, Text, VisuallyHidden } from "@mantine/core";
import { Link } from "react-router";
import { Section } from "~/parts/Section";
import { useWords } from "~/words/useWords";
import classes from "./overview.module.css";
import type { Overview } from "./steps";
import { type VersionRow, versionRows } from "./versions";

const PRODUCTS_SHOWN_MAX = 12;
const STATES = [
  ["ONLINE", "online"],
  ["OFFLINE", "offline"],
  ["UNACTIVE", "unactive"],
  ["DISABLE", "disable"],
] as const;

type Product = Overview["products"][number];

/** Which version how many devices of each product run: bars that are rows of a table, so everybody can read them. */
export function FleetByVersion({ products, productCount }: { products: Product[]; productCount: number }) {
  const { t } = useWords();
  const shown = products.filter((product) => product.devices.total > 0).slice(0, PRODUCTS_SHOWN_MAX);
  if (shown.length === 0) return null;
  return (
    <Section
      title={t("overview.fleet")}
      hint={t("overview.fleetHint")}
      actions={
        <Anchor component={Link} to="/products" size="sm">
          {t("overview.allProducts", { count: productCount })}
        </Anchor>
      }
    >
      <SimpleGrid cols={{ base: 1, md: shown.length > 1 ? 2 : 1 }} spacing="xl" verticalSpacing="xl">
        {shown.map((product) => (
          <ProductFleet key={product.productKey} product={product} />
        ))}
      </SimpleGrid>
    </Section>
  );
}

function ProductFleet({ product }: { product: Product }) {
  const { t, format, maybe } = useWords();
  const rows = versionRows(product);
  const most = Math.max(1, ...rows.map((row) => row.count));
  const place = `/devices?product=${encodeURIComponent(product.productKey)}`;
  return (
    <div>
      <Anchor component={Link} to={`/products/${product.productKey}`} fw={620}>
        {product.productName}
      </Anchor>
      <div className={classes.states}>
        {STATES.filter(([, key]) => product.devices[key] > 0).map(([state, key]) => (
          <Anchor key={state} component={Link} to={`${place}&state=${state}`} size="sm" className={classes.target}>
            {format.number(product.devices[key])} {maybe(`status.device.${state}`, state)}
          </Anchor>
        ))}
      </div>
      <Table className={classes.bars} verticalSpacing={4} horizontalSpacing={0} withRowBorders={false}>
        <caption className={classes.caption}>
          <VisuallyHidden>{t("overview.fleetOf", { product: product.productName })}</VisuallyHidden>
        </caption>
        <Table.Thead className={classes.noHeight}>
          <Table.Tr>
            <Table.Th scope="col" className={classes.barName}>
              <VisuallyHidden>{t("overview.version")}</VisuallyHidden>
            </Table.Th>
            <Table.Th scope="col">
              <VisuallyHidden>{t("overview.share")}</VisuallyHidden>
            </Table.Th>
            <Table.Th scope="col" className={classes.barCount}>
              <VisuallyHidden>{t("overview.devices")}</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Bar key={`${row.kind} ${row.version}`} row={row} most={most} place={place} total={product.devices.total} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Bar({ row, most, place, total }: { row: VersionRow; most: number; place: string; total: number }) {
  const { t, format } = useWords();
  const label = row.kind === "version" ? row.version : t(`overview.${row.kind}`);
  const to = {
    version: `${place}&version=${encodeURIComponent(row.version)}`,
    never: `${place}&never=1`,
    other: place,
  };
  return (
    <Table.Tr>
      <Table.Th scope="row" className={classes.barName}>
        <Anchor component={Link} to={to[row.kind]} size="sm" className={classes.target}>
          {label}
        </Anchor>
      </Table.Th>
      <Table.Td>
        <span className={classes.bar} data-kind={row.kind} style={{ inlineSize: `${(100 * row.count) / most}%` }} />
        <VisuallyHidden>{format.percent(row.count / Math.max(1, total))}</VisuallyHidden>
      </Table.Td>
      <Table.Td className={classes.barCount}>
        <Text component="span" size="sm">
          {format.number(row.count)}
        </Text>{" "}
        <Text component="span" size="xs" c="dimmed" aria-hidden>
          {format.percent(row.count / Math.max(1, total))}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
