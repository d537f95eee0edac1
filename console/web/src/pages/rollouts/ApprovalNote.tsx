import { Alert } from "@mantine/core";
import { IconUsers } from "@tabler/icons-react";
import { useCall } from "~/api/hooks";
import { useWords } from "~/words/useWords";

/** Before a rollout is made: that somebody else will have to approve it, where the account asks for that. */
export function ApprovalNote() {
  const { t } = useWords();
  const defaults = useCall("XQueryRolloutDefaults", {});
  if (defaults.data?.data.xApproval !== "ON") return null;
  return (
    <Alert color="sand" icon={<IconUsers aria-hidden />} title={t("approval.noteTitle")}>
      {t("approval.note")}
    </Alert>
  );
}
