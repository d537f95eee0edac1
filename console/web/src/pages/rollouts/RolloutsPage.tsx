import { Anchor, Button, Group, Select, Text } from "@mantine/core";
import { IconRocket } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useCall, useLiveCall, useMay } from "~/api/hooks";
import type { Answer, Parameters } from "~/api/types";
import { type Column, DataTable } from "~/parts/DataTable";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { Time } from "~/parts/Time";
import { useQueryState } from "~/parts/useQueryState";
import { useWords, type Words } from "~/words/useWords";
import { targetWords } from "./parts/aim";
import { totalOf } from "./parts/counts";
import { JobState } from "./parts/JobState";
import { ProgressBands } from "./parts/ProgressBands";
import classes from "./rollouts.module.css";

type Listing = Parameters<"XListOTAJobs">;
type Job = Answer<"XListOTAJobs">["data"]["jobs"][number];
type State = NonNullable<Listing["State"]>[number];
type JobType = NonNullable<Listing["JobType"]>[number];

const PAGE_SIZE = 20;
const PRODUCTS_MAX = 200;
/** What people look for, each by one or several states of the wire. */
const SHOWN: [name: "active" | "held" | "planned" | "ended", states: State[]][] = [
  ["active", ["RUNNING", "SOAKING", "WAITING_WINDOW"]],
  ["held", ["HALTED", "PAUSED", "AWAITING_APPROVAL", "REJECTED"]],
  ["planned", ["PLANNED"]],
  ["ended", ["ENDED"]],
];

export default function RolloutsPage() {
  const { t } = useWords();
  const query = useQueryState();
  const may = useMay();
  const list = useLiveCall("XListOTAJobs", listingOf(query.get), { keepPrevious: true });
  const after = list.data?.nextToken;
  const create = may("CreateOTAStaticUpgradeJob") && (
    <Button component={Link} to="/rollouts/new" leftSection={<IconRocket size={18} aria-hidden />}>
      {t("rollouts.new")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("rollouts.title")} howTo="console-rollouts" actions={create}>
        {t("rollouts.intro")}
      </PageHeader>
      <Filters />
      <DataTable
        label={t("rollouts.title")}
        columns={columnsOf(t)}
        rows={list.data?.data.jobs}
        rowKey={(row) => row.jobId}
        error={list.error}
        onRetry={() => void list.refetch()}
        isLoading={list.isPending}
        isStale={list.isPlaceholderData}
        empty={<Nothing isFiltered={!query.isEmpty} onClear={query.clear} create={create} />}
      />
      <Group justify="space-between" mt="sm">
        <Text size="sm" c="dimmed" role="status">
          {list.data?.total !== undefined && t("rollouts.jobs", { count: list.data.total })}
        </Text>
        <Group gap="xs">
          {query.get("after") !== "" && (
            <Button variant="default" size="xs" onClick={() => query.set({ after: null })}>
              {t("rollouts.newest")}
            </Button>
          )}
          {after && (
            <Button variant="default" size="xs" onClick={() => query.set({ after })}>
              {t("rollouts.older")}
            </Button>
          )}
        </Group>
      </Group>
    </>
  );
}

/** The call behind an address. `state` is one of SHOWN, or a state of the wire as other pages link to it. */
function listingOf(get: (name: string) => string): Listing {
  const state = get("state");
  const states = SHOWN.find(([name]) => name === state)?.[1] ?? (state === "" ? [] : [state as State]);
  return {
    PageSize: PAGE_SIZE,
    ...(get("product") === "" ? {} : { ProductKey: get("product") }),
    ...(get("firmware") === "" ? {} : { FirmwareId: get("firmware") }),
    ...(get("type") === "" ? {} : { JobType: [get("type") as JobType] }),
    ...(states.length === 0 ? {} : { State: states }),
    ...(get("after") === "" ? {} : { NextToken: get("after") }),
  };
}

function Filters() {
  const { t } = useWords();
  const query = useQueryState();
  const products = useCall("QueryProductList", { CurrentPage: 1, PageSize: PRODUCTS_MAX });
  const chosen = query.get("state");
  const set = (changes: Record<string, string | null>) => query.set({ ...changes, after: null });
  return (
    <Group component="search" aria-label={t("rollouts.filters")} gap="sm" mb="md" align="flex-end">
      <Select
        label={t("rollouts.product")}
        placeholder={t("common.all")}
        data={
          products.data?.data.list.productInfo.map((one) => ({ value: one.productKey, label: one.productName })) ?? []
        }
        value={query.get("product") || null}
        onChange={(value) => set({ product: value })}
        clearable
        searchable
        w={220}
      />
      <Select
        label={t("rollouts.kind")}
        placeholder={t("common.all")}
        data={(["UPGRADE_FIRMWARE", "VERIFY_FIRMWARE"] as const).map((value) => ({
          value,
          label: t(`rollouts.type.${value}`),
        }))}
        value={query.get("type") || null}
        onChange={(value) => set({ type: value })}
        clearable
        w={180}
      />
      <fieldset className={classes.filters} style={{ border: 0, margin: 0, padding: 0 }}>
        <legend className={classes.legend}>{t("rollouts.stateFilter")}</legend>
        {(["", ...SHOWN.map(([name]) => name)] as const).map((name) => (
          <button
            key={name}
            type="button"
            className={classes.filter}
            aria-pressed={chosen === name}
            onClick={() => set({ state: name })}
          >
            {name === "" ? t("common.all") : t(`rollouts.shown.${name}`)}
          </button>
        ))}
      </fieldset>
      {query.get("firmware") !== "" && (
        <button type="button" className={classes.filter} aria-pressed onClick={() => set({ firmware: null })}>
          {t("rollouts.onlyFirmware", { id: query.get("firmware") })}
        </button>
      )}
    </Group>
  );
}

function columnsOf(t: Words["t"]): Column<Job>[] {
  return [
    { key: "job", title: t("rollouts.what"), cell: (job) => <JobName job={job} /> },
    {
      key: "state",
      title: t("rollouts.state"),
      cell: (job) => <JobState job={job} />,
    },
    { key: "progress", title: t("rollouts.progress"), cell: (job) => <Progress job={job} /> },
    { key: "target", title: t("rollouts.target"), cell: (job) => <Target job={job} />, isWide: true },
    { key: "created", title: t("rollouts.created"), cell: (job) => <Time at={job.utcCreate} /> },
  ];
}

function JobName({ job }: { job: Job }) {
  const { t } = useWords();
  const module = job.moduleName === "default" ? "" : ` · ${job.moduleName}`;
  return (
    <>
      <Anchor component={Link} to={`/rollouts/${job.jobId}`} fw={600}>
        {t("rollouts.toVersion", { product: job.productName, version: job.destVersion })}
      </Anchor>
      <Text size="xs" c="dimmed">
        {`#${job.jobId} · ${job.firmwareName}${module}`}
        {job.jobType === "VERIFY_FIRMWARE" && ` · ${t("rollouts.type.VERIFY_FIRMWARE")}`}
      </Text>
    </>
  );
}

function Progress({ job }: { job: Job }) {
  const { t, format } = useWords();
  const total = totalOf(job.tasks);
  return (
    <div style={{ minWidth: 130 }}>
      <ProgressBands tasks={job.tasks} />
      <Text size="xs" c="dimmed" mt={4}>
        {t("rollouts.ofDevices", { done: job.tasks.succeeded, count: total })}
        {job.tasks.failed > 0 && ` · ${t("rollouts.failedCount", { count: job.tasks.failed })}`}
        {total === 0 ? "" : ` · ${format.percent(job.tasks.succeeded / total)}`}
      </Text>
    </div>
  );
}

function Target({ job }: { job: Job }) {
  const { t } = useWords();
  const stage =
    job.stageCount === undefined || job.state === "ENDED"
      ? ""
      : ` · ${t("rollouts.stageOf", { stage: Math.min(job.stage ?? 1, job.stageCount), stages: job.stageCount })}`;
  return <Text size="sm">{`${targetWords(t, job)}${stage}`}</Text>;
}

function Nothing(props: { isFiltered: boolean; onClear: () => void; create: ReactNode }) {
  const { t } = useWords();
  const icon = <IconRocket size={32} aria-hidden />;
  if (!props.isFiltered) {
    return (
      <EmptyState title={t("rollouts.emptyTitle")} icon={icon} action={props.create}>
        {t("rollouts.emptyHint")}
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title={t("common.nothingMatches")}
      icon={icon}
      action={
        <Button variant="default" onClick={props.onClear}>
          {t("common.clearFilters")}
        </Button>
      }
    />
  );
}
