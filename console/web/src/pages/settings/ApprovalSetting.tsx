import { Switch } from "@mantine/core";
import { useCall, useChange, useMay } from "~/api/hooks";
import type { Parameters } from "~/api/types";
import { ErrorNote } from "~/parts/ErrorNote";
import { Section } from "~/parts/Section";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import { type Defaults, formOf, sentOf } from "./defaults";

/** Whether the account's new rollouts need a second person's approval. */
export function ApprovalSetting() {
  const { t } = useWords();
  const may = useMay();
  const defaults = useCall("XQueryRolloutDefaults", {});
  const change = useChange("XUpdateRolloutDefaults", { onDone: () => showDone(t("approval.saved")) });
  if (defaults.error) return <ErrorNote error={defaults.error} onRetry={() => void defaults.refetch()} />;
  const data = defaults.data?.data;
  return (
    <Section title={t("approval.setting")} hint={t("approval.settingHint")}>
      <Switch
        label={t("approval.switch")}
        checked={data?.xApproval === "ON"}
        disabled={data === undefined || change.isPending || !may("XUpdateRolloutDefaults")}
        onChange={(event) => data && change.mutate(withApproval(data, event.currentTarget.checked))}
      />
    </Section>
  );
}

/** The call replaces the other defaults, so those that are the account's own go along as they are. */
function withApproval(data: Defaults, isOn: boolean): Parameters<"XUpdateRolloutDefaults"> {
  return { ...(data.isOwn ? sentOf(formOf(data)) : {}), XApproval: isOn ? "ON" : "OFF" };
}
