import { Paper, Switch, Text } from "@mantine/core";
import { useMemo, useState } from "react";
import { useLiveCall } from "~/api/hooks";
import { StackedChart } from "~/parts/charts";
import { ErrorNote } from "~/parts/ErrorNote";
import { useWords } from "~/words/useWords";
import { BAND_COLORS, BANDS } from "../parts/counts";
import { type Curves, curvesOf, type Job } from "./reading";

const MOSTLY = 4;

/** The job's tasks by what they came to, over time; the part of parts that can be switched to a table. */
export function Chart({ job, isOver }: { job: Job; isOver: boolean }) {
  const { t } = useWords();
  const history = useLiveCall("XQueryOTARolloutHistory", { JobId: job.jobId });
  const data = history.data?.data;
  const curves = useMemo(() => (data === undefined ? undefined : curvesOf(data, job, isOver)), [data, job, isOver]);
  const [isAsked, setAsked] = useState<boolean | null>(null);
  const showsWaiting = isAsked ?? (curves !== undefined && !isMostlyWaiting(curves));
  const series = useMemo(
    () =>
      curves === undefined
        ? []
        : BANDS.filter((band) => band !== "waiting" || showsWaiting)
            .filter((band) => curves.bands[band].some((value) => value > 0))
            .map((band) => ({
              name: t(`rollouts.band.${band}`),
              color: BAND_COLORS[band],
              values: curves.bands[band],
            })),
    [curves, showsWaiting, t],
  );
  if (history.error && curves === undefined)
    return <ErrorNote error={history.error} onRetry={() => void history.refetch()} />;
  if (curves === undefined) return null;
  return (
    <Paper withBorder p="lg" bg="var(--surface)">
      {curves.timesMs.length < 2 || series.length === 0 ? (
        <>
          <Text size="sm" fw={600} mb="xs">
            {t("rollouts.overTime")}
          </Text>
          <Text size="sm" c="dimmed">
            {t("rollouts.chartLater")}
          </Text>
        </>
      ) : (
        <StackedChart
          label={t("rollouts.overTime")}
          timesMs={curves.timesMs}
          series={series}
          note={
            <Switch
              mt="xs"
              size="sm"
              label={t("rollouts.withWaiting")}
              checked={showsWaiting}
              onChange={(event) => setAsked(event.currentTarget.checked)}
            />
          }
        />
      )}
    </Paper>
  );
}

/** Whether those that wait would leave no room for those that something is known of. */
function isMostlyWaiting({ bands }: Curves): boolean {
  const waiting = bands.waiting.at(-1) ?? 0;
  const others = BANDS.filter((band) => band !== "waiting").reduce((sum, band) => sum + (bands[band].at(-1) ?? 0), 0);
  return others > 0 && waiting > MOSTLY * others;
}
