import { Anchor, Code, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { Time } from "~/parts/Time";
import { useWords, type Words } from "~/words/useWords";
import { WeekPicture } from "../new/WeekPicture";
import { targetWords } from "../parts/aim";
import classes from "../rollouts.module.css";
import type { Job, Rollout } from "./reading";

/** What the job pinned when it was made; it does not change any more. */
export function Policy({ job, rollout, productName }: { job: Job; rollout: Rollout; productName: string }) {
  const words = useWords();
  const { t } = words;
  const windows = rollout.policy.xWindows.window.map((one) => ({ ...one, days: one.days.split(",") }));
  return (
    <>
      <dl className={classes.facts}>
        <FactRow
          term={t("rollouts.product")}
          fact={
            <Anchor component={Link} to={`/products/${job.productKey}`} inherit>
              {productName}
            </Anchor>
          }
        />
        {factsOf(words, job, rollout).map(([term, fact]) => (
          <FactRow key={term} term={term} fact={fact} />
        ))}
      </dl>
      {windows.length > 0 && (
        <div style={{ marginTop: 16 }}>
          <Text size="sm" mb={6}>
            {t("rollouts.windowsIn", { zone: rollout.policy.xTimeZone ?? "" })}
          </Text>
          <WeekPicture windows={windows} label={t("wizard.weekPicture", { zone: rollout.policy.xTimeZone ?? "" })} />
        </div>
      )}
    </>
  );
}

function FactRow({ term, fact }: { term: string; fact: ReactNode }) {
  return (
    <>
      <dt>{term}</dt>
      <dd>{fact}</dd>
    </>
  );
}

function factsOf({ t, format }: Words, job: Job, { policy }: Rollout): [string, ReactNode][] {
  const gate =
    policy.xGate === "ON"
      ? t("rollouts.pinned.gate", {
          limit: policy.xGateLimit ?? "",
          minutes: policy.xGateSilentMinutes ?? 0,
          hours: policy.xGateSilentHours ?? 0,
        })
      : t("rollouts.pinned.noGate");
  const pace =
    policy.xPace === "EVIDENCE"
      ? t("rollouts.pinned.pace", {
          first: policy.xPaceFirst === undefined ? t("rollouts.pinned.firstDefault") : format.number(policy.xPaceFirst),
          growth: policy.xPaceGrowth ?? 0,
        })
      : t("rollouts.pinned.noPace");
  const sources = job.srcVersions.srcVersion;
  const rows: [string, ReactNode, boolean][] = [
    [t("rollouts.target"), targetWords(t, job), true],
    [
      t("rollouts.pinned.start"),
      <Time key="start" at={job.utcScheduleTime} exact />,
      job.utcScheduleTime !== undefined,
    ],
    [
      t("rollouts.pinned.takes"),
      t(job.dynamicMode === 2 ? "wizard.ruleLater" : "wizard.ruleNow"),
      job.dynamicMode !== undefined,
    ],
    [t("rollouts.pinned.sources"), sources.join(", "), sources.length > 0],
    [t("rollouts.gate"), gate, true],
    [t("rollouts.pace"), pace, true],
    [t("rollouts.pinned.perMinute"), format.number(job.maximumPerMinute ?? 0), job.maximumPerMinute !== undefined],
    [t("wizard.timeout"), format.duration((job.timeoutInMinutes ?? 0) * 60_000), job.timeoutInMinutes !== undefined],
    [
      t("rollouts.pinned.retries"),
      t("rollouts.pinned.retriesOf", { count: job.retryCount ?? 0, minutes: job.retryInterval ?? 0 }),
      job.retryCount !== undefined,
    ],
    [t("rollouts.pinned.confirm"), t("common.yes"), job.needConfirm],
    [t("rollouts.pinned.overwrite"), t("common.yes"), job.overwriteMode === 2],
    [t("rollouts.pinned.order"), <Code key="seed">{String(policy.xSeed)}</Code>, policy.xSeed !== undefined],
  ];
  return rows.filter(([, , isGiven]) => isGiven).map(([term, fact]) => [term, fact]);
}
