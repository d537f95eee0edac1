import { ActionIcon, Menu } from "@mantine/core";
import { IconCheck, IconDots, IconRefresh, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useChange, useMay } from "~/api/hooks";
import { ConfirmTyped } from "~/parts/ConfirmTyped";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import type { Job } from "./reading";
import type { Task } from "./Tasks";

const OPEN = ["CONFIRM", "QUEUED", "NOTIFIED", "IN_PROGRESS"];
const OVER = ["FAILED", "CANCELED"];

/** What can be done with one device's task. Nothing for whom may do nothing. */
export function TaskActions({ task, job }: { task: Task; job: Job }) {
  const { t } = useWords();
  const may = useMay();
  const [isAsking, setIsAsking] = useState(false);
  const confirm = useChange("ConfirmOTATask", { onDone: () => showDone(t("rollouts.taskConfirmed")) });
  const again = useChange("ReupgradeOTATask", { onDone: () => showDone(t("rollouts.taskAgain")) });
  const cancel = useChange("CancelOTATaskByDevice", {
    onDone: () => {
      setIsAsking(false);
      showDone(t("rollouts.taskCancelled"));
    },
  });
  const canConfirm = task.taskStatus === "CONFIRM" && may("ConfirmOTATask");
  const canRepeat = OVER.includes(task.taskStatus) && job.jobType === "UPGRADE_FIRMWARE" && may("ReupgradeOTATask");
  const canCancel = OPEN.includes(task.taskStatus) && may("CancelOTATaskByDevice");
  if (!canConfirm && !canRepeat && !canCancel) return null;
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={28}
            aria-label={t("rollouts.actionsOf", { device: task.deviceName })}
          >
            <IconDots size={17} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {canConfirm && (
            <Menu.Item
              leftSection={<IconCheck size={16} aria-hidden />}
              onClick={() => confirm.mutate({ TaskId: [task.taskId] })}
            >
              {t("rollouts.confirmTask")}
            </Menu.Item>
          )}
          {canRepeat && (
            <Menu.Item
              leftSection={<IconRefresh size={16} aria-hidden />}
              onClick={() => again.mutate({ JobId: task.jobId, TaskId: [task.taskId] })}
            >
              {t("rollouts.repeatTask")}
            </Menu.Item>
          )}
          {canCancel && (
            <Menu.Item leftSection={<IconX size={16} aria-hidden />} onClick={() => setIsAsking(true)}>
              {t("rollouts.cancelTask")}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <ConfirmTyped
        opened={isAsking}
        onClose={() => setIsAsking(false)}
        onConfirm={() =>
          cancel.mutate({
            ProductKey: task.productKey,
            FirmwareId: task.firmwareId,
            DeviceName: [task.deviceName],
            JobId: task.jobId,
          })
        }
        title={t("rollouts.cancelTaskTitle")}
        word={task.deviceName}
        confirmLabel={t("rollouts.cancelTask")}
        isPending={cancel.isPending}
      >
        {t("rollouts.cancelTaskHint", { device: task.deviceName })}
      </ConfirmTyped>
    </>
  );
}
