import { Alert, Code, Paper, SimpleGrid, Skeleton, Stack, Table, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { ErrorNote } from "~/parts/ErrorNote";
import { useWords } from "~/words/useWords";
import classes from "../rollouts.module.css";
import { Breakdown } from "./CountCard";
import { type Draft, type Firmware, isAtOnce, type Previewed, toldNow, toldOf, warningsOf } from "./draft";
import { isRule, ruleVersions } from "./rule";
import { startMsOf } from "./starting";
import wizard from "./wizard.module.css";

const NAMES_SHOWN = 8;

interface PreviewStepProps {
  firmware: Firmware;
  draft: Draft;
  preview: Previewed | undefined;
  error: unknown;
  /** The account lets nothing go that only one person wants. */
  asksApproval: boolean;
  onRetry: () => void;
}

/** What the job would do: whom it tells, in which order, how long it may take, and what to think of before. */
export function PreviewStep({ firmware, draft, preview, error, asksApproval, onRetry }: PreviewStepProps) {
  const { t, format } = useWords();
  if (error) return <ErrorNote error={error} onRetry={onRetry} />;
  if (preview === undefined) return <Skeleton h={260} />;
  const warnings = warningsOf(draft, preview, asksApproval);
  const goes = toldNow(draft, preview);
  const isStanding = isRule(draft);
  const startMs = isStanding ? null : startMsOf(draft);
  return (
    <Stack gap="lg">
      {warnings.length > 0 && (
        <Alert
          color="sand"
          icon={<IconAlertTriangle aria-hidden />}
          title={t("wizard.warnings", { count: warnings.length })}
        >
          <ul className={wizard.plain}>
            {warnings.map((key) => (
              <li key={key}>{t(key, { count: goes, busy: preview.inConflict, offline: preview.offline })}</li>
            ))}
          </ul>
        </Alert>
      )}
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
        <Paper component="section" withBorder p="lg" bg="var(--surface)" aria-label={t("wizard.whoGets")}>
          <Title order={3} size="h5" mb={6}>
            {t("wizard.whoGets")}
          </Title>
          <div className={classes.big}>{format.number(goes)}</div>
          <Text size="sm" mb="md">
            {t(isStanding ? "wizard.getVersionNow" : "wizard.devicesGetVersion", {
              count: goes,
              version: firmware.destVersion,
            })}
          </Text>
          {isStanding && !draft.takesNow ? (
            <Text size="sm">{t("wizard.leftAsTheyAre", { count: toldOf(preview) })}</Text>
          ) : (
            <Breakdown firmware={firmware} preview={preview} />
          )}
        </Paper>
        {isStanding && <Standing firmware={firmware} draft={draft} />}
        {goes > 0 || !isStanding ? (
          <Paper component="section" withBorder p="lg" bg="var(--surface)" aria-label={t("wizard.course")}>
            <Title order={3} size="h5" mb={6}>
              {t("wizard.course")}
            </Title>
            <div className={classes.big}>{durationWords(preview.expectedMinutes, format.duration)}</div>
            <Text size="sm" mb="md">
              {t("wizard.expectedEnd", { when: format.exact(Date.parse(preview.utcExpectedEnd)) })}
            </Text>
            <dl className={classes.facts}>
              {startMs !== null && (
                <>
                  <dt>{t("wizard.begin")}</dt>
                  <dd>{t("wizard.beginsAt", { when: format.exact(startMs) })}</dd>
                </>
              )}
              <dt>{t("wizard.download")}</dt>
              <dd>
                {t("wizard.downloadOf", {
                  total: format.bytes(preview.bytesToTransfer),
                  each: format.bytes(firmware.firmwareSize),
                  count: goes,
                })}
              </dd>
              <dt>{t("wizard.assumed")}</dt>
              <dd>{t("wizard.assumedHint", { minutes: preview.assumedMinutes })}</dd>
              {!isAtOnce(draft) && !isStanding && (
                <>
                  <dt>{t("wizard.seed")}</dt>
                  <dd>
                    <Code>{String(preview.xSeed)}</Code> {t("wizard.seedHint")}
                  </dd>
                </>
              )}
            </dl>
          </Paper>
        ) : null}
      </SimpleGrid>
      {!isStanding && <StageTable draft={draft} preview={preview} />}
    </Stack>
  );
}

/** What a rule means beyond what it does at once. */
function Standing({ firmware, draft }: { firmware: Firmware; draft: Draft }) {
  const { t } = useWords();
  const versions = ruleVersions(firmware, draft);
  return (
    <Paper component="section" withBorder p="lg" bg="var(--surface)" aria-label={t("wizard.goesOn")}>
      <Title order={3} size="h5" mb={6}>
        {t("wizard.goesOn")}
      </Title>
      <Text component="ul" size="sm" className={wizard.plain}>
        <li>
          {draft.ruleBy === "GROUP" ? t("wizard.onGroup") : t("wizard.onVersions", { versions: versions.join(", ") })}
        </li>
        <li>{t("wizard.onUntil")}</li>
        <li>{t("wizard.onAgain")}</li>
        {!isAtOnce(draft) && <li>{t("wizard.onOrder", { count: draft.stages.length + 1 })}</li>}
      </Text>
    </Paper>
  );
}

/** Minutes, hours or days, whichever says it shortest. */
export function durationWords(minutes: number, write: (lengthMs: number) => string): string {
  return write(Math.max(1, minutes) * 60_000);
}

function StageTable({ draft, preview }: { draft: Draft; preview: Previewed }) {
  const { t, format } = useWords();
  return (
    <Paper component="section" withBorder p="lg" bg="var(--surface)" aria-label={t("wizard.order")}>
      <Title order={3} size="h5">
        {t("wizard.order")}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t(isAtOnce(draft) ? "wizard.orderOnce" : "wizard.orderHint")}
      </Text>
      <Table verticalSpacing="sm" className={wizard.preview}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t("wizard.stageColumn")}</Table.Th>
            <Table.Th scope="col">{t("wizard.devicesColumn")}</Table.Th>
            <Table.Th scope="col">{t("wizard.firstColumn")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {preview.stages.stage.map((stage) => {
            const names = stage.deviceNames.deviceName;
            const after = draft.stages[stage.number - 1];
            return (
              <Table.Tr key={stage.number}>
                <Table.Th scope="row" fw={600}>
                  {t("wizard.stageNumber", { number: stage.number })}
                  <Text size="xs" c="dimmed" fw={400}>
                    {after
                      ? t("wizard.soaksFor", {
                          soak: soakWords(after, format.duration),
                          percent: format.percent(Number(after.succeededPercent || 50) / 100),
                        })
                      : t("wizard.allOthers")}
                  </Text>
                </Table.Th>
                <Table.Td>{format.number(stage.devices)}</Table.Td>
                <Table.Td>
                  <span className={wizard.names}>
                    {names.slice(0, NAMES_SHOWN).map((name) => (
                      <span key={name}>{name}</span>
                    ))}
                    {stage.devices > NAMES_SHOWN && (
                      <span>{t("wizard.andMore", { count: stage.devices - NAMES_SHOWN })}</span>
                    )}
                  </span>
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}

function soakWords(stage: { soak: number | ""; soakUnit: string }, write: (lengthMs: number) => string): string {
  return write((stage.soak || 0) * (stage.soakUnit === "hours" ? 3_600_000 : 60_000));
}
