import { Accordion, Checkbox, Paper, Radio, Select, SimpleGrid, Stack, Switch, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { NumberField } from "~/parts/NumberField";
import { useWords } from "~/words/useWords";
import { BOUNDS, type Draft, PRESETS, presetIn, presetOf } from "./draft";
import { isRule } from "./rule";
import { StagesEditor } from "./StagesEditor";
import { StartFields } from "./StartFields";
import { WindowsEditor } from "./WindowsEditor";
import wizard from "./wizard.module.css";

export interface CareProps {
  draft: Draft;
  change: (changes: Partial<Draft>) => void;
}

/** How carefully: a preset first, then each of its parts. */
export function CareStep({ draft, change }: CareProps) {
  const { t } = useWords();
  return (
    <Stack gap="lg">
      <Radio.Group
        label={t("wizard.preset")}
        value={presetIn(draft) ?? ""}
        onChange={(value) => change(presetOf(value as (typeof PRESETS)[number]))}
      >
        <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm" mt={6}>
          {PRESETS.map((name) => (
            <Radio.Card key={name} value={name} className={wizard.card} aria-label={t(`wizard.presets.${name}`)}>
              <Radio.Indicator className={wizard.cardMark} />
              <Text fw={650}>{t(`wizard.presets.${name}`)}</Text>
              <Text size="sm" c="dimmed">
                {t(`wizard.presetHint.${name}`)}
              </Text>
            </Radio.Card>
          ))}
        </SimpleGrid>
      </Radio.Group>
      <Part title={t("wizard.stages")} hint={t("wizard.stagesHint")}>
        <StagesEditor draft={draft} change={change} />
      </Part>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <Pace draft={draft} change={change} />
        <Gate draft={draft} change={change} />
      </SimpleGrid>
      <Part title={t("wizard.windows")} hint={t("wizard.windowsHint")}>
        <WindowsEditor draft={draft} change={change} />
      </Part>
      {!isRule(draft) && (
        <Part title={t("wizard.begin")} hint={t("wizard.beginHint")}>
          <StartFields draft={draft} change={change} />
        </Part>
      )}
      <Delivery draft={draft} change={change} />
    </Stack>
  );
}

function Part({ title, hint, children }: { title: string; hint: string; children: ReactNode }) {
  return (
    <Paper component="section" withBorder p="lg" bg="var(--surface)" aria-label={title}>
      <Title order={3} size="h5">
        {title}
      </Title>
      <Text size="sm" c="dimmed" mb="md">
        {hint}
      </Text>
      {children}
    </Paper>
  );
}

function Pace({ draft, change }: CareProps) {
  const { t } = useWords();
  return (
    <Part title={t("wizard.pace")} hint={t("wizard.paceHint")}>
      <Stack gap="sm">
        <Switch
          label={t("wizard.paceOn")}
          checked={draft.isPaced}
          onChange={(event) => change({ isPaced: event.currentTarget.checked })}
        />
        {draft.isPaced && (
          <SimpleGrid cols={2} spacing="sm" className={wizard.atFoot}>
            <NumberField
              label={t("wizard.paceFirst")}
              placeholder={t("wizard.paceFirstDefault")}
              bounds={BOUNDS.paceFirst}
              value={draft.paceFirst}
              onChange={(paceFirst) => change({ paceFirst })}
            />
            <NumberField
              label={t("wizard.paceGrowth")}
              bounds={BOUNDS.paceGrowth}
              value={draft.paceGrowth}
              onChange={(paceGrowth) => change({ paceGrowth })}
            />
          </SimpleGrid>
        )}
      </Stack>
    </Part>
  );
}

function Gate({ draft, change }: CareProps) {
  const { t } = useWords();
  return (
    <Part title={t("wizard.gate")} hint={t("wizard.gateHint")}>
      <Stack gap="sm">
        <Switch
          label={t("wizard.gateOn")}
          checked={draft.isGated}
          onChange={(event) => change({ isGated: event.currentTarget.checked })}
        />
        {draft.isGated && (
          <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm" className={wizard.atFoot}>
            <NumberField
              label={t("wizard.gateLimit")}
              unit="%"
              bounds={BOUNDS.gateLimit}
              value={draft.gateLimit}
              onChange={(gateLimit) => change({ gateLimit })}
            />
            <NumberField
              label={t("wizard.silentMinutes")}
              unit={t("wizard.min")}
              bounds={BOUNDS.silentMinutes}
              value={draft.silentMinutes}
              onChange={(silentMinutes) => change({ silentMinutes })}
            />
            <NumberField
              label={t("wizard.silentHours")}
              unit={t("wizard.h")}
              bounds={BOUNDS.silentHours}
              value={draft.silentHours}
              onChange={(silentHours) => change({ silentHours })}
            />
          </SimpleGrid>
        )}
      </Stack>
    </Part>
  );
}

function Delivery({ draft, change }: CareProps) {
  const { t } = useWords();
  return (
    <Accordion variant="contained" chevronPosition="left" bg="var(--surface)" order={3}>
      <Accordion.Item value="delivery">
        <Accordion.Control>
          <Text fw={650}>{t("wizard.delivery")}</Text>
          <Text size="sm" c="dimmed">
            {t("wizard.deliveryHint")}
          </Text>
        </Accordion.Control>
        <Accordion.Panel>
          <Stack gap="md">
            <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
              <NumberField
                label={t("wizard.timeout")}
                placeholder={t("common.none")}
                unit={t("wizard.min")}
                bounds={BOUNDS.timeoutMinutes}
                value={draft.timeoutMinutes}
                onChange={(timeoutMinutes) => change({ timeoutMinutes })}
              />
              <NumberField
                label={t("wizard.perMinute")}
                placeholder={t("wizard.noLimit")}
                bounds={BOUNDS.maximumPerMinute}
                value={draft.maximumPerMinute}
                onChange={(maximumPerMinute) => change({ maximumPerMinute })}
              />
              <Select
                label={t("wizard.retry")}
                data={["", "0", "10", "30", "60", "1440"].map((value) => ({
                  value,
                  label: t(`wizard.retryAfter.${(value || "never") as "never" | "0" | "10" | "30" | "60" | "1440"}`),
                }))}
                value={draft.retryMinutes}
                onChange={(value) => change({ retryMinutes: value ?? "" })}
                allowDeselect={false}
              />
              <Select
                label={t("wizard.retryCount")}
                data={["1", "2", "5"]}
                value={draft.retryCount}
                onChange={(value) => change({ retryCount: value ?? "2" })}
                disabled={draft.retryMinutes === ""}
                allowDeselect={false}
              />
            </SimpleGrid>
            <Checkbox
              label={t("wizard.confirm")}
              description={t("wizard.confirmHint")}
              checked={draft.needsConfirm}
              onChange={(event) => change({ needsConfirm: event.currentTarget.checked })}
            />
            <Checkbox
              label={t("wizard.overwrite")}
              description={t("wizard.overwriteHint")}
              checked={draft.isOverwriting}
              onChange={(event) => change({ isOverwriting: event.currentTarget.checked })}
            />
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}
