import { Paper, Text } from "@mantine/core";
import { useMemo } from "react";
import { useLiveCall } from "~/api/hooks";
import { StackedChart } from "~/parts/charts";
import { ErrorNote } from "~/parts/ErrorNote";
import { useWords } from "~/words/useWords";
import { BAND_COLORS, BANDS } from "../parts/counts";
import { curvesOf } from "./reading";

/** The job's tasks by what they came to, over time; the part of parts that can be switched to a table. */
export function Chart({ jobId, isOver }: { jobId: string; isOver: boolean }) {
  const { t } = useWords();
  const history = useLiveCall("XQueryOTARolloutHistory", { JobId: jobId });
  const data = history.data?.data;
  const curves = useMemo(() => (data === undefined ? undefined : curvesOf(data, isOver)), [data, isOver]);
  const series = useMemo(
    () =>
      curves === undefined
        ? []
        : BANDS.filter((band) => curves.bands[band].some((value) => value > 0)).map((band) => ({
            name: t(`rollouts.band.${band}`),
            color: BAND_COLORS[band],
            values: curves.bands[band],
          })),
    [curves, t],
  );
  if (history.error && curves === undefined)
    return <ErrorNote error={history.error} onRetry={() => void history.refetch()} />;
  if (curves === undefined) return null;
  return (
    <Paper withBorder p="lg" bg="var(--surface)">
      {curves.timesMs.length < 2 || series.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t("rollouts.chartLater")}
        </Text>
      ) : (
        <StackedChart label={t("rollouts.overTime")} timesMs={curves.timesMs} series={series} />
      )}
    </Paper>
  );
}
