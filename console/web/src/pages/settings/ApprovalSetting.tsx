import { Paper, Stack, Switch, Text, Title } from "@mantine/core";
import { useCall, useChange, useMay } from "~/api/hooks";
import type { Answer, Parameters } from "~/api/types";
import { ErrorNote } from "~/parts/ErrorNote";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";

type Defaults = Answer<"XQueryRolloutDefaults">["data"];

/** Whether the account's new rollouts need a second person's approval. */
export function ApprovalSetting() {
  const { t } = useWords();
  const may = useMay();
  const defaults = useCall("XQueryRolloutDefaults", {});
  const change = useChange("XUpdateRolloutDefaults", { onDone: () => showDone(t("approval.saved")) });
  if (defaults.error) return <ErrorNote error={defaults.error} onRetry={() => void defaults.refetch()} />;
  const data = defaults.data?.data;
  return (
    <Paper withBorder p="lg" radius="md" component="section" aria-labelledby="approval-setting">
      <Stack gap="sm">
        <Title order={2} size="h4" id="approval-setting">
          {t("approval.setting")}
        </Title>
        <Text size="sm" c="dimmed">
          {t("approval.settingHint")}
        </Text>
        <Switch
          label={t("approval.switch")}
          checked={data?.xApproval === "ON"}
          disabled={data === undefined || change.isPending || !may("XUpdateRolloutDefaults")}
          onChange={(event) => data && change.mutate(withApproval(data, event.currentTarget.checked))}
        />
      </Stack>
    </Paper>
  );
}

/** The call replaces the other defaults, so those that are the account's own go along as they are. */
function withApproval(data: Defaults, isOn: boolean): Parameters<"XUpdateRolloutDefaults"> {
  const approval = { XApproval: isOn ? "ON" : "OFF" } as const;
  if (!data.isOwn) return approval;
  const gate =
    data.xGate === "ON"
      ? {
          XGate: "ON",
          XGateLimit: data.xGateLimit,
          XGateSilentMinutes: data.xGateSilentMinutes,
          XGateSilentHours: data.xGateSilentHours,
        }
      : { XGate: "OFF" };
  const pace =
    data.xPace === "EVIDENCE"
      ? {
          XPace: "EVIDENCE",
          XPaceGrowth: data.xPaceGrowth,
          ...(data.xPaceFirst ? { XPaceFirst: data.xPaceFirst } : {}),
        }
      : { XPace: "NONE" };
  return { ...approval, ...gate, ...pace } as Parameters<"XUpdateRolloutDefaults">;
}
