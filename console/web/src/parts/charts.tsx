/** Time series over uPlot: lines, and areas that stand on each other. Each is a figure with a legend and a table. */
import { Button, Group, Table, Text } from "@mantine/core";
import { useDisclosure, useElementSize } from "@mantine/hooks";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import { useWords } from "~/words/useWords";
import { type ChartLook, useChartLook } from "./chartLook";
import { type Series, stacked } from "./chartSeries";
import classes from "./parts.module.css";

export type { Series } from "./chartSeries";

const HEIGHT_PX = 240;
const TIME_SPACE_PX = 92; // a time to the second, as the widest language writes it
/** Parts of a whole are counted: between two of them there is none. */
const WHOLE = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();
const TABLE_ROWS_MAX = 200;

interface ChartProps {
  /** What is shown: the figure's caption. */
  label: string;
  /** Milliseconds, ascending; each series has a value for each. */
  timesMs: number[];
  series: Series[];
  heightPx?: number;
  /** Instead of a plain number: a share, bytes. */
  writeValue?: (value: number) => string;
  note?: ReactNode;
}

/** Values that do not add up: rates, shares, limits. */
export function LineChart(props: ChartProps) {
  return <TimeChart {...props} isStacked={false} />;
}

/** Parts of a whole over time; the first series lies at the bottom. */
export function StackedChart(props: ChartProps) {
  return <TimeChart {...props} isStacked />;
}

function TimeChart(props: ChartProps & { isStacked: boolean }) {
  const { label, series, note, isStacked } = props;
  const { t } = useWords();
  const [isTable, { toggle }] = useDisclosure();
  const look = useChartLook();
  return (
    <figure className={classes.chart}>
      <Group component="figcaption" justify="space-between" mb="xs" gap="xs">
        <Text fw={600} size="sm">
          {label}
        </Text>
        <Button size="compact-xs" variant="subtle" color="gray" onClick={toggle} aria-pressed={isTable}>
          {t(isTable ? "common.asChart" : "common.asTable")}
        </Button>
      </Group>
      {isTable ? <ChartTable {...props} /> : <Plot {...props} look={look} isStacked={isStacked} />}
      <div className={classes.legend} aria-hidden={isTable}>
        {series.map(({ name, color }) => (
          <span key={name}>
            <i className={classes.swatch} style={{ background: look.colorOf(color) }} aria-hidden />
            {name}
          </span>
        ))}
      </div>
      {note}
    </figure>
  );
}

function Plot(props: ChartProps & { look: ChartLook; isStacked: boolean }) {
  const { label, timesMs, series, look, isStacked, heightPx = HEIGHT_PX, writeValue } = props;
  const { locale, format } = useWords();
  const { ref, width } = useElementSize();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const write = writeValue ?? format.compact;
  const shape = JSON.stringify([series.map(({ name, color }) => [name, color]), isStacked, heightPx, locale]);
  const data = useMemo<uPlot.AlignedData>(() => {
    const values = series.map((one) => one.values);
    return [timesMs.map((timeMs) => timeMs / 1000), ...(isStacked ? stacked(values) : values)];
  }, [timesMs, series, isStacked]);
  const latest = useRef({ data, write });
  latest.current = { data, write };
  useEffect(() => {
    if (place.current === null || width === 0) return;
    const [shown] = JSON.parse(shape) as [[string, string][]];
    const options = optionsOf({
      series: shown,
      look,
      isStacked,
      locale,
      heightPx,
      widthPx: width,
      write: (value) => latest.current.write(value),
    });
    plot.current = new uPlot(options, latest.current.data, place.current);
    return () => {
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape, look, isStacked, locale, heightPx, width]);
  useEffect(() => plot.current?.setData(data), [data]);
  return (
    <div ref={ref} role="img" aria-label={label} className={classes.plot} style={{ height: heightPx }}>
      <div ref={place} />
    </div>
  );
}

interface PlotShape {
  series: [name: string, color: string][];
  look: ChartLook;
  isStacked: boolean;
  locale: string;
  heightPx: number;
  widthPx: number;
  write: (value: number) => string;
}

function optionsOf({ series, look, isStacked, locale, heightPx, widthPx, write }: PlotShape): uPlot.Options {
  const axis = { stroke: look.text, grid: { stroke: look.line, width: 1 }, ticks: { show: false }, font: look.font };
  const hours = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  const seconds = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const days = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric" });
  const writeTimes = (_: uPlot, splits: number[], __: number, ___: number, stepS: number) =>
    splits.map((timeS) => (stepS >= 86_400 ? days : stepS < 60 ? seconds : hours).format(timeS * 1000));
  const drawn = series.map(([name, color], index) => ({
    label: name,
    stroke: look.colorOf(color),
    width: isStacked ? 1 : 2,
    points: { show: false },
    ...(isStacked ? { fill: look.fillOf(color), order: index } : {}),
  }));
  return {
    width: widthPx,
    height: heightPx,
    legend: { show: false },
    cursor: { y: false, points: { show: !isStacked } },
    scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.05)] } },
    axes: [
      { ...axis, values: writeTimes, space: TIME_SPACE_PX },
      { ...axis, size: 56, ...(isStacked ? { incrs: WHOLE } : {}), values: (_, splits) => splits.map(write) },
    ],
    series: [{}, ...drawn],
    // Between the edges of two neighbours, so that a colour is not seen through another.
    ...(isStacked && series.length > 1
      ? { bands: series.slice(1).map((_, index) => ({ series: [index + 2, index + 1] as [number, number] })) }
      : {}),
  };
}

function ChartTable({ label, timesMs, series, writeValue }: ChartProps) {
  const { t, format } = useWords();
  const write = writeValue ?? format.number;
  const first = Math.max(0, timesMs.length - TABLE_ROWS_MAX);
  return (
    <Table.ScrollContainer minWidth={0} mah={320}>
      <Table aria-label={label} fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t("common.time")}</Table.Th>
            {series.map(({ name }) => (
              <Table.Th key={name} scope="col" ta="end">
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {timesMs.slice(first).map((timeMs, index) => (
            <Table.Tr key={timeMs}>
              <Table.Td>{format.exact(timeMs)}</Table.Td>
              {series.map(({ name, values }) => (
                <Table.Td key={name} ta="end">
                  {write(values[first + index] ?? 0)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
