import { Anchor, Grid, Group, Paper, Skeleton, Stack, Text, Title, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";
import { Link, useParams } from "react-router";
import { useCall, useLiveCall } from "~/api/hooks";
import { ErrorNote } from "~/parts/ErrorNote";
import { PageHeader } from "~/parts/PageHeader";
import { Time } from "~/parts/Time";
import { useWords } from "~/words/useWords";
import { Actions } from "./one/Actions";
import { Chart } from "./one/Chart";
import { Events } from "./one/Events";
import { Failures } from "./one/Failures";
import { HoldNote } from "./one/HoldNote";
import { Meters } from "./one/Meters";
import { Policy } from "./one/Policy";
import type { Job, Rollout } from "./one/reading";
import { Stages } from "./one/Stages";
import { Tasks } from "./one/Tasks";
import { targetWords } from "./parts/aim";
import { BAND_COLORS, type Band, countOf, STATUSES, stateOf, type TaskStatus, totalOf } from "./parts/counts";
import { JobState } from "./parts/JobState";
import { ProgressBands } from "./parts/ProgressBands";
import classes from "./rollouts.module.css";

/** The colour of a status is its band's. */
const BAND_OF: Record<TaskStatus, Band> = {
  CONFIRM: "waiting",
  QUEUED: "waiting",
  NOTIFIED: "underWay",
  IN_PROGRESS: "underWay",
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  CANCELED: "canceled",
};

export default function RolloutPage() {
  const { t } = useWords();
  const { jobId = "" } = useParams();
  const job = useCall("QueryOTAJob", { JobId: jobId });
  const rollout = useLiveCall("XQueryOTARollout", { JobId: jobId });
  const error = job.error ?? rollout.error;
  const crumbs = [{ title: t("rollouts.title"), to: "/rollouts" }];
  if (job.data === undefined || rollout.data === undefined) {
    return (
      <>
        <PageHeader title={t("rollouts.one", { id: jobId })} crumbs={crumbs} howTo="console-rollouts" />
        {error ? (
          <ErrorNote error={error} onRetry={() => void Promise.all([job.refetch(), rollout.refetch()])} />
        ) : (
          <Skeleton h={360} aria-busy />
        )}
      </>
    );
  }
  return <Shown job={job.data.data} rollout={rollout.data.data} crumbs={crumbs} />;
}

interface ShownProps {
  job: Job;
  rollout: Rollout;
  crumbs: { title: string; to: string }[];
}

function Shown({ job, rollout, crumbs }: ShownProps) {
  const { t } = useWords();
  const isVerify = job.jobType === "VERIFY_FIRMWARE";
  const product = useCall("QueryProduct", { ProductKey: job.productKey });
  const name = product.data?.data.productName ?? job.productKey;
  const title = t(isVerify ? "rollouts.verifying" : "rollouts.toVersion", { product: name, version: job.destVersion });
  return (
    <>
      <PageHeader
        title={title}
        crumbs={crumbs}
        howTo="console-rollouts"
        actions={<Actions job={job} rollout={rollout} />}
      >
        <About job={job} rollout={rollout} />
      </PageHeader>
      <Stack gap="lg">
        <HoldNote rollout={rollout} job={job} />
        <Total rollout={rollout} />
        {rollout.stages.stage.length > 0 && (
          <Section title={t("rollouts.stages")} isBare>
            <Stages rollout={rollout} />
          </Section>
        )}
        {!isVerify && <Meters rollout={rollout} />}
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, md: 7 }}>
            <Chart job={job} isOver={rollout.state === "ENDED"} />
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 5 }}>
            <Section title={t("rollouts.failures")}>
              <Failures jobId={job.jobId} />
            </Section>
          </Grid.Col>
        </Grid>
        <Section title={t("rollouts.tasks")} isBare>
          <Stack gap="sm">
            <Tasks job={job} rollout={rollout} />
          </Stack>
        </Section>
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, md: 6 }}>
            <Section title={t("rollouts.events")}>
              <Events rollout={rollout} utcCreate={job.utcCreate} />
            </Section>
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 6 }}>
            <Section title={t("rollouts.policy")}>
              <Policy job={job} rollout={rollout} productName={name} />
            </Section>
          </Grid.Col>
        </Grid>
      </Stack>
    </>
  );
}

function About({ job, rollout }: { job: Job; rollout: Rollout }) {
  const { t, maybe } = useWords();
  const [kind, status] = stateOf(rollout);
  return (
    <Group gap="sm" component="span" display="inline-flex">
      <JobState job={rollout} />
      {/* The state changes by itself: said once when it does, and nothing that ticks beside it. */}
      <VisuallyHidden role="status">{maybe(`status.${kind}.${status}`, status)}</VisuallyHidden>
      <span>
        <Anchor component={Link} to={`/firmware/${job.firmwareId}`} inherit td="underline">
          {job.name}
        </Anchor>
        {` · ${targetWords(t, job)} · #${job.jobId} · `}
        <Time at={job.utcCreate} />
      </span>
    </Group>
  );
}

function Total({ rollout }: { rollout: Rollout }) {
  const { t, format, maybe } = useWords();
  const [{ succeeded }, total] = [rollout.tasks, totalOf(rollout.tasks)];
  return (
    <Paper component="section" withBorder p="lg" bg="var(--surface)" aria-label={t("rollouts.progress")}>
      <div className={classes.total}>
        <span className={classes.big}>{total === 0 ? "–" : format.percent(succeeded / total)}</span>{" "}
        <Text component="span" c="dimmed">
          {t("rollouts.haveVersion", { done: succeeded, count: total })}
        </Text>
      </div>
      <ProgressBands tasks={rollout.tasks} isTall />
      <ul className={classes.key}>
        {STATUSES.filter((status) => countOf(rollout.tasks, status) > 0).map((status) => (
          <li key={status}>
            <i
              style={{ background: `var(--mantine-color-${BAND_COLORS[BAND_OF[status]]}-filled)` }}
              data-band={BAND_OF[status]}
              aria-hidden
            />
            <Anchor component={Link} to={`/rollouts/${rollout.jobId}?status=${status}`} size="sm">
              {maybe(`status.task.${status}`, status)} <b>{format.number(countOf(rollout.tasks, status))}</b>
            </Anchor>
          </li>
        ))}
      </ul>
    </Paper>
  );
}

function Section({ title, children, isBare = false }: { title: string; children: ReactNode; isBare?: boolean }) {
  const heading = (
    <Title order={2} size={isBare ? "h4" : "h5"} mb="sm">
      {title}
    </Title>
  );
  if (isBare) {
    return (
      <section aria-label={title}>
        {heading}
        {children}
      </section>
    );
  }
  return (
    <Paper component="section" withBorder p="lg" bg="var(--surface)" aria-label={title} h="100%">
      {heading}
      {children}
    </Paper>
  );
}
