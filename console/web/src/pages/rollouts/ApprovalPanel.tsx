import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconUsers } from "@tabler/icons-react";
import { useState } from "react";
import { useChange, useMay, useSession } from "~/api/hooks";
import type { Answer } from "~/api/types";
import { ReasonDialog } from "~/parts/ReasonDialog";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";

const REASON_MAX = 256;

/** What a rollout that waits for a second person asks of whoever looks at it; nothing of any other rollout. */
export function ApprovalPanel({ rollout }: { rollout: Answer<"XQueryOTARollout">["data"] }) {
  const { t } = useWords();
  const may = useMay();
  const session = useSession();
  const [asked, setAsked] = useState<"approve" | "reject" | null>(null);
  const close = () => setAsked(null);
  const approve = useChange("XApproveOTAJob", { onDone: () => done(t("approval.approved")) });
  const reject = useChange("XRejectOTAJob", { onDone: () => done(t("approval.rejected")) });
  const done = (message: string) => {
    close();
    showDone(message);
  };
  if (rollout.state !== "AWAITING_APPROVAL") return null;
  const isOwn = rollout.createdBy === `user:${session.data?.user.name}`;
  const mayApprove = may("XApproveOTAJob") && !isOwn;
  const who = rollout.createdBy.replace(/^user:/, "");
  return (
    <Alert color="sand" icon={<IconUsers aria-hidden />} title={t("approval.title")}>
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{isOwn ? t("approval.own") : t("approval.madeBy", { who })}</Text>
        <Group gap="xs">
          {mayApprove && <Button onClick={() => setAsked("approve")}>{t("approval.approve")}</Button>}
          {may("XRejectOTAJob") && (
            <Button variant="default" onClick={() => setAsked("reject")}>
              {isOwn ? t("approval.takeBack") : t("approval.reject")}
            </Button>
          )}
        </Group>
      </Stack>
      <ReasonDialog
        opened={asked === "approve"}
        onClose={close}
        onConfirm={(reason) => approve.mutate({ JobId: rollout.jobId, ...(reason ? { Reason: reason } : {}) })}
        title={t("approval.approveTitle", { id: rollout.jobId })}
        confirmLabel={t("approval.approve")}
        isPending={approve.isPending}
        lengthMax={REASON_MAX}
      >
        {t("approval.approveHint")}
      </ReasonDialog>
      <ReasonDialog
        opened={asked === "reject"}
        onClose={close}
        onConfirm={(reason) => reject.mutate({ JobId: rollout.jobId, Reason: reason })}
        title={t("approval.rejectTitle", { id: rollout.jobId })}
        confirmLabel={isOwn ? t("approval.takeBack") : t("approval.reject")}
        isPending={reject.isPending}
        isDangerous
        isRequired
        lengthMax={REASON_MAX}
      >
        {t("approval.rejectHint")}
      </ReasonDialog>
    </Alert>
  );
}
