import { ActionIcon, Button, Group, Select, Stack, Text } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { NumberField } from "~/parts/NumberField";
import { useWords } from "~/words/useWords";
import type { CareProps } from "./CareStep";
import { boundsOf, nextId, type StageDraft } from "./draft";
import wizard from "./wizard.module.css";

const STAGES_MAX = 20;

/** Which devices go first, and how long each stage is watched; all others follow the last one. */
export function StagesEditor({ draft, change }: CareProps) {
  const { t } = useWords();
  const { stages } = draft;
  const put = (id: number, changes: Partial<StageDraft>) =>
    change({ stages: stages.map((one) => (one.id === id ? { ...one, ...changes } : one)) });
  const add = () => {
    const last = stages.at(-1);
    const upTo = last?.unit === "count" ? "" : Math.min(100, Number(last?.upTo || 0.5) * 2);
    const stage: StageDraft = {
      id: nextId(stages),
      unit: last?.unit ?? "percent",
      upTo,
      soak: 60,
      soakUnit: "minutes",
      succeededPercent: 50,
    };
    change({ stages: [...stages, stage] });
  };
  return (
    <Stack gap="sm">
      {stages.map((stage, index) => (
        <StageRow
          key={stage.id}
          number={index + 1}
          stage={stage}
          put={(changes) => put(stage.id, changes)}
          onRemove={() => change({ stages: stages.filter((one) => one.id !== stage.id) })}
        />
      ))}
      <Group justify="space-between" gap="sm">
        <Text size="sm" c="dimmed">
          {stages.length === 0 ? t("wizard.noStages") : t("wizard.thenOthers", { number: stages.length + 1 })}
        </Text>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={15} aria-hidden />}
          onClick={add}
          disabled={stages.length >= STAGES_MAX}
        >
          {t("wizard.addStage")}
        </Button>
      </Group>
    </Stack>
  );
}

interface StageRowProps {
  number: number;
  stage: StageDraft;
  put: (changes: Partial<StageDraft>) => void;
  onRemove: () => void;
}

function StageRow({ number, stage, put, onRemove }: StageRowProps) {
  const { t, format } = useWords();
  const bounds = boundsOf(stage);
  const name = t("wizard.stageNumber", { number });
  return (
    // biome-ignore lint/a11y/useSemanticElements: a legend of a fieldset is no part of a grid
    <div className={wizard.stageRow} role="group" aria-label={name}>
      <Text fw={650} c="dimmed" pb={7} aria-hidden>
        {format.number(number)}
      </Text>
      <NumberField
        label={t("wizard.upTo")}
        bounds={bounds.upTo}
        value={stage.upTo}
        onChange={(upTo) => put({ upTo })}
      />
      <Select
        label={t("wizard.of")}
        data={[
          { value: "percent", label: t("wizard.ofPercent") },
          { value: "count", label: t("wizard.ofDevices") },
        ]}
        value={stage.unit}
        onChange={(value) => put({ unit: value as StageDraft["unit"], upTo: "" })}
        allowDeselect={false}
      />
      <Group gap={6} wrap="nowrap" align="flex-end">
        <NumberField
          label={t("wizard.soak")}
          bounds={bounds.soak}
          value={stage.soak}
          onChange={(soak) => put({ soak })}
          flex={1}
          miw={0}
        />
        <Select
          aria-label={t("wizard.soakUnit")}
          data={[
            { value: "minutes", label: t("wizard.min") },
            { value: "hours", label: t("wizard.h") },
          ]}
          value={stage.soakUnit}
          onChange={(value) => put({ soakUnit: value as StageDraft["soakUnit"] })}
          allowDeselect={false}
          w={88}
        />
      </Group>
      <NumberField
        label={t("wizard.succeeded")}
        unit="%"
        bounds={bounds.succeededPercent}
        value={stage.succeededPercent}
        onChange={(succeededPercent) => put({ succeededPercent })}
      />
      <ActionIcon
        variant="subtle"
        color="gray"
        size={34}
        onClick={onRemove}
        aria-label={t("wizard.removeStage", { number })}
      >
        <IconTrash size={17} aria-hidden />
      </ActionIcon>
    </div>
  );
}
