import { Alert, Radio, Stack, Text } from "@mantine/core";
import { useWords } from "~/words/useWords";
import { GroupChoice, Versions } from "./pickers";
import type { PartProps } from "./TargetStep";

/** What devices have to match, and whether those that match now are told too. */
export function RuleFields({ firmware, draft, change }: PartProps) {
  const { t } = useWords();
  return (
    <Stack gap="md">
      <Radio.Group
        label={t("wizard.ruleBy")}
        value={draft.ruleBy}
        onChange={(value) => change({ ruleBy: value as typeof draft.ruleBy })}
      >
        <Stack gap={6} mt={6}>
          <Radio value="VERSION" label={t("wizard.ruleVersion")} />
          <Radio value="GROUP" label={t("wizard.ruleGroup")} />
        </Stack>
      </Radio.Group>
      {draft.ruleBy === "GROUP" ? (
        <GroupChoice
          kind="LINK_PLATFORM_DYNAMIC"
          groupId={draft.ruleGroupId}
          onChoice={(ruleGroupId) => change({ ruleGroupId })}
        />
      ) : firmware.type === 1 ? (
        <Text size="sm">{t("wizard.ruleDifference", { version: firmware.srcVersion })}</Text>
      ) : (
        <Versions
          label={t("wizard.ruleVersions")}
          hint={t("wizard.ruleVersionsHint")}
          versions={draft.srcVersions}
          onChange={(srcVersions) => change({ srcVersions })}
        />
      )}
      <Radio.Group
        label={t("wizard.ruleWhen")}
        value={draft.takesNow ? "now" : "later"}
        onChange={(value) => change({ takesNow: value === "now" })}
      >
        <Stack gap={6} mt={6}>
          <Radio value="now" label={t("wizard.ruleNow")} />
          <Radio value="later" label={t("wizard.ruleLater")} />
        </Stack>
      </Radio.Group>
      <Alert color="gray">{t("wizard.ruleEnds")}</Alert>
    </Stack>
  );
}
