import { Anchor, Paper, SimpleGrid, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useWords } from "~/words/useWords";
import classes from "../rollouts.module.css";
import type { Rollout } from "./reading";

const NEAR = 0.5;

/** How near the gate is to halting the job, and how much the pace allows. */
export function Meters({ rollout }: { rollout: Rollout }) {
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
      <Gate rollout={rollout} />
      <Pace rollout={rollout} />
    </SimpleGrid>
  );
}

function Gate({ rollout }: { rollout: Rollout }) {
  const { t, rich, format } = useWords();
  const { gateFailing: failing = 0, gateStarted: started = 0, gateHaltsAt, silent, jobId } = rollout;
  if (gateHaltsAt === undefined) {
    return (
      <Frame title={t("rollouts.gate")}>
        <Text size="sm">{t("rollouts.noGate")}</Text>
      </Frame>
    );
  }
  const share = Math.min(1, failing / gateHaltsAt);
  const color = rollout.state === "HALTED" || share >= 1 ? "clay" : share >= NEAR ? "sand" : "marsh";
  const words = t("rollouts.gateWords", { failing, started, haltsAt: gateHaltsAt });
  return (
    <Frame title={t("rollouts.gate")}>
      <Numbers now={format.number(failing)} most={format.number(gateHaltsAt)} />
      <Meter label={t("rollouts.gate")} value={failing} max={gateHaltsAt} words={words} color={color} />
      <Text size="sm" mt="xs">
        {words}
      </Text>
      <Text size="xs" c="dimmed" component="div">
        {rich("rollouts.gateHint", {
          failed: (
            <Anchor component={Link} to={`/rollouts/${jobId}?status=FAILED`} inherit td="underline">
              {t("rollouts.failedCount", { count: rollout.tasks.failed })}
            </Anchor>
          ),
          silent: (
            <Anchor component={Link} to={`/rollouts/${jobId}?reason=1`} inherit td="underline">
              {t("rollouts.silentCount", { count: silent })}
            </Anchor>
          ),
          limit: `${rollout.policy.xGateLimit ?? ""} %`,
        })}
      </Text>
    </Frame>
  );
}

function Pace({ rollout }: { rollout: Rollout }) {
  const { t, format } = useWords();
  const { atRisk, atRiskMax } = rollout;
  const words =
    atRiskMax === undefined
      ? t("rollouts.noPaceWords", { count: atRisk })
      : t("rollouts.paceWords", { count: atRisk, most: atRiskMax });
  return (
    <Frame title={t("rollouts.pace")}>
      <Numbers now={format.number(atRisk)} most={atRiskMax === undefined ? "∞" : format.number(atRiskMax)} />
      {atRiskMax !== undefined && (
        <Meter label={t("rollouts.pace")} value={atRisk} max={atRiskMax} words={words} color="estuary" />
      )}
      <Text size="sm" mt="xs">
        {words}
      </Text>
      <Text size="xs" c="dimmed">
        {atRiskMax === undefined
          ? t("rollouts.noPaceHint")
          : t("rollouts.paceHint", { growth: rollout.policy.xPaceGrowth ?? 0 })}
      </Text>
    </Frame>
  );
}

function Frame({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper component="section" withBorder p="lg" bg="var(--surface)" aria-label={title}>
      <Title order={2} size="h5" mb={4}>
        {title}
      </Title>
      {children}
    </Paper>
  );
}

function Numbers({ now, most }: { now: string; most: string }) {
  return (
    <div className={classes.numbers} aria-hidden>
      <b>{now}</b> / {most}
    </div>
  );
}

interface MeterProps {
  label: string;
  value: number;
  max: number;
  words: string;
  color: string;
}

function Meter({ label, value, max, words, color }: MeterProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a <meter> cannot be given these colours in every browser
    <div
      className={classes.meter}
      role="meter"
      aria-label={label}
      aria-valuenow={Math.min(value, max)}
      aria-valuemin={0}
      aria-valuemax={max}
      aria-valuetext={words}
    >
      <span
        style={{
          width: `${max === 0 ? 0 : Math.min(100, (value / max) * 100)}%`,
          background: `var(--mantine-color-${color}-filled)`,
        }}
      />
    </div>
  );
}
