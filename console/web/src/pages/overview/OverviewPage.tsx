import { Skeleton, Stack } from "@mantine/core";
import { useLiveCall, useMay } from "~/api/hooks";
import { ErrorNote } from "~/parts/ErrorNote";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";
import { AttentionList } from "./AttentionList";
import { FirstSteps } from "./FirstSteps";
import { FleetByVersion } from "./FleetByVersion";
import { Numbers } from "./Numbers";
import { RecentChanges } from "./RecentChanges";
import { RunningRollouts } from "./RunningRollouts";
import { isNew, stepsOf } from "./steps";

/** What a tired person must see first: what needs somebody, what runs, how the fleet stands. */
export default function OverviewPage() {
  const { t } = useWords();
  const may = useMay();
  const overview = useLiveCall("XQueryOverview", {});
  const newest = useLiveCall("XListOTAJobs", { JobType: ["UPGRADE_FIRMWARE"], PageSize: 1 });
  const data = overview.data?.data;
  const steps = data && newest.data && stepsOf(data, newest.data.data.jobs.length > 0);
  return (
    <>
      <PageHeader title={t("overview.title")} howTo="console-overview">
        {t("overview.intro")}
      </PageHeader>
      {overview.error && !data ? (
        <ErrorNote error={overview.error} onRetry={() => void overview.refetch()} />
      ) : (
        <Stack gap="lg">
          {!data && <Skeleton h={120} />}
          {data && data.productCount > 0 && (
            <AttentionList items={data.attention} hasDevices={data.devices.total > 0} />
          )}
          {steps && isNew(steps) && <FirstSteps steps={steps} />}
          <Numbers data={data} />
          {data && data.productCount > 0 && (
            <>
              <RunningRollouts />
              <FleetByVersion products={data.products} productCount={data.productCount} />
            </>
          )}
          {may("XListAuditEvents") && <RecentChanges />}
        </Stack>
      )}
    </>
  );
}
