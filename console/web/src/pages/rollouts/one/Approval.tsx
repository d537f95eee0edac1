import { Alert, Button, Group, Text } from "@mantine/core";
import { IconCheck, IconUserCheck, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useChange, useMay, useSession } from "~/api/hooks";
import { ReasonDialog } from "~/parts/ReasonDialog";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import { personIn, type Rollout } from "./reading";

const REASON_LENGTH_MAX = 256;

/** The place where a second person lets a job go, or sends it back. Whoever made it may take it back only. */
export function Approval({ rollout }: { rollout: Rollout }) {
  const { t } = useWords();
  const may = useMay();
  const { data: session } = useSession();
  const [asked, setAsked] = useState<"approve" | "reject" | null>(null);
  const done = (words: string) => () => {
    setAsked(null);
    showDone(words);
  };
  const approve = useChange("XApproveOTAJob", { onDone: done(t("rollouts.approved")) });
  const reject = useChange("XRejectOTAJob", { onDone: done(t("rollouts.rejected")) });
  const isOwn = rollout.createdBy === `user:${session?.user.name ?? ""}`;
  const who = personIn(rollout.createdBy) || t("common.unknown");
  return (
    <Alert color="sand" icon={<IconUserCheck aria-hidden />} title={t("rollouts.awaitedTitle")}>
      <Text size="sm">{isOwn ? t("rollouts.awaitedOwn") : t("rollouts.awaitedHint", { who })}</Text>
      <Group gap="xs" mt="sm">
        {may("XApproveOTAJob") && !isOwn && (
          <Button leftSection={<IconCheck size={17} aria-hidden />} onClick={() => setAsked("approve")}>
            {t("rollouts.approve")}
          </Button>
        )}
        {may("XRejectOTAJob") && (
          <Button variant="default" leftSection={<IconX size={17} aria-hidden />} onClick={() => setAsked("reject")}>
            {isOwn ? t("rollouts.takeBack") : t("rollouts.reject")}
          </Button>
        )}
      </Group>
      <ReasonDialog
        opened={asked === "approve"}
        onClose={() => setAsked(null)}
        onConfirm={(reason) => approve.mutate({ JobId: rollout.jobId, ...(reason === "" ? {} : { Reason: reason }) })}
        title={t("rollouts.approveTitle")}
        confirmLabel={t("rollouts.approve")}
        isPending={approve.isPending}
        lengthMax={REASON_LENGTH_MAX}
      >
        {t("rollouts.approveHint")}
      </ReasonDialog>
      <ReasonDialog
        opened={asked === "reject"}
        onClose={() => setAsked(null)}
        onConfirm={(reason) => reject.mutate({ JobId: rollout.jobId, Reason: reason })}
        title={t("rollouts.rejectTitle")}
        confirmLabel={isOwn ? t("rollouts.takeBack") : t("rollouts.reject")}
        isPending={reject.isPending}
        lengthMax={REASON_LENGTH_MAX}
        isDangerous
        isRequired
      >
        {t("rollouts.rejectHint")}
      </ReasonDialog>
    </Alert>
  );
}
