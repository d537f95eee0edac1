import { Button, Group, Paper, Radio, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { useMay } from "~/api/hooks";
import { ErrorNote } from "~/parts/ErrorNote";
import { FileDrop } from "~/parts/FileDrop";
import { NumberField } from "~/parts/NumberField";
import { useWords } from "~/words/useWords";
import { CountCard } from "./CountCard";
import { BOUNDS, type Draft, type Firmware, NAMES_MAX, namesOf, targetOf } from "./draft";
import { GroupChoice, Versions } from "./pickers";
import { RuleFields } from "./RuleFields";
import { isRule } from "./rule";
import { uploadList } from "./uploadList";
import wizard from "./wizard.module.css";

const SELECTIONS = ["ALL", "GRAY", "GROUP", "SPECIFIC", "DYNAMIC"] as const;

export interface PartProps {
  firmware: Firmware;
  draft: Draft;
  change: (changes: Partial<Draft>) => void;
}

/** Whom: all, a share, a group, or devices named one by one; beside it how many that are, as one types. */
export function TargetStep({ firmware, draft, change }: PartProps) {
  const { t } = useWords();
  const may = useMay();
  const target = targetOf(firmware, draft);
  const asked = target && { FirmwareId: firmware.firmwareId, ProductKey: firmware.productKey, ...target };
  const takesVersions = draft.selection === "ALL" || draft.selection === "GRAY";
  return (
    <div className={wizard.columns}>
      <Stack gap="lg">
        <Radio.Group
          label={t("wizard.whom")}
          value={draft.selection}
          onChange={(value) => change({ selection: value as Draft["selection"] })}
        >
          <Stack gap="xs" mt={6}>
            {SELECTIONS.filter((name) => name !== "DYNAMIC" || may("CreateOTADynamicUpgradeJob")).map((name) => (
              <Radio.Card key={name} value={name} className={wizard.card} aria-label={t(`wizard.aim.${name}`)}>
                <Group wrap="nowrap" gap="sm" align="flex-start">
                  <Radio.Indicator mt={3} />
                  <div>
                    <Text fw={600}>{t(`wizard.aim.${name}`)}</Text>
                    <Text size="sm" c="dimmed">
                      {t(`wizard.aimHint.${name}`)}
                    </Text>
                  </div>
                </Group>
              </Radio.Card>
            ))}
          </Stack>
        </Radio.Group>
        {draft.selection === "GRAY" && (
          <NumberField
            label={t("wizard.share")}
            description={t("wizard.shareHint")}
            unit="%"
            bounds={BOUNDS.grayPercent}
            value={draft.grayPercent}
            onChange={(grayPercent) => change({ grayPercent })}
            maw={220}
          />
        )}
        {draft.selection === "GROUP" && (
          <GroupChoice kind="LINK_PLATFORM" groupId={draft.groupId} onChoice={(groupId) => change({ groupId })} />
        )}
        {draft.selection === "SPECIFIC" && <Names draft={draft} change={change} />}
        {draft.selection === "DYNAMIC" && <RuleFields firmware={firmware} draft={draft} change={change} />}
        {takesVersions && firmware.type !== 1 && (
          <Versions
            label={t("wizard.sources")}
            hint={t("wizard.sourcesHint")}
            versions={draft.srcVersions}
            onChange={(srcVersions) => change({ srcVersions })}
          />
        )}
      </Stack>
      <CountCard
        className={wizard.aside}
        firmware={firmware}
        parameters={asked}
        {...(isRule(draft) && { words: draft.takesNow ? "wizard.getItNow" : "wizard.matchNow" })}
      />
    </div>
  );
}

type DraftProps = Omit<PartProps, "firmware">;

function Names({ draft, change }: DraftProps) {
  const { t, format } = useWords();
  const [isSending, setIsSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const names = namesOf(draft.names);
  const send = async ([file]: File[]) => {
    if (file === undefined) return;
    setIsSending(true);
    setError(null);
    try {
      change({ list: await uploadList(file) });
    } catch (refusal) {
      setError(refusal);
    } finally {
      setIsSending(false);
    }
  };
  if (draft.list !== null) {
    return (
      <Paper withBorder p="md" bg="var(--surface)">
        <Group justify="space-between" gap="sm">
          <div>
            <Text fw={600}>{draft.list.name}</Text>
            <Text size="sm" c="dimmed">
              {t("wizard.listOf", { count: draft.list.devices })}
            </Text>
          </div>
          <Button variant="default" size="xs" onClick={() => change({ list: null })}>
            {t("wizard.otherList")}
          </Button>
        </Group>
      </Paper>
    );
  }
  return (
    <Stack gap="sm">
      <Textarea
        label={t("wizard.names")}
        description={t("wizard.namesHint", { count: NAMES_MAX })}
        value={draft.names}
        onChange={(event) => change({ names: event.currentTarget.value })}
        error={names.length > NAMES_MAX && t("wizard.tooManyNames", { count: names.length })}
        autosize
        minRows={4}
        maxRows={12}
        autoCapitalize="none"
        spellCheck={false}
      />
      {names.length > 0 && (
        <Text size="sm" c="dimmed">
          {t("wizard.namesRead", { names: format.number(names.length) })}
        </Text>
      )}
      {error !== null && <ErrorNote error={error} />}
      <FileDrop onFiles={(files) => void send(files)} disabled={isSending} hint={t("wizard.listHint")} />
    </Stack>
  );
}
