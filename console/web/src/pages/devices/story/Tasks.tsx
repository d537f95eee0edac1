import { Anchor, Button, Code, Group, Progress, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { call } from "~/api/client";
import type { CallError } from "~/api/errors";
import { useChange, useLiveCall, useMay } from "~/api/hooks";
import { ConfirmTyped } from "~/parts/ConfirmTyped";
import { type Column, DataTable } from "~/parts/DataTable";
import { StatusBadge } from "~/parts/StatusBadge";
import { Time } from "~/parts/Time";
import { showDone, showError } from "~/parts/toasts";
import { useWords, type Words } from "~/words/useWords";
import { type Named, wireOf } from "../parts/names";
import { Card } from "./Card";
import { type TaskLine, tasksOf } from "./reading";

const EVENTS_MAX = 100;
const ENDED = ["SUCCEEDED", "FAILED", "CANCELED"];

/** What rollouts wanted of the device, newest first, and what may be done about it. */
export function Tasks({ device }: { device: Named }) {
  const { t } = useWords();
  const events = useLiveCall("XListDeviceEvents", { ...wireOf(device), Kind: "TASK", PageSize: EVENTS_MAX });
  const [cancelled, setCancelled] = useState<TaskLine | null>(null);
  const cancel = useCancel(device, () => setCancelled(null));
  const rows = events.data && tasksOf(events.data.data.event);
  return (
    <Card title={t("devices.tasks")} isTable>
      {rows?.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t("devices.noTasks")}
        </Text>
      ) : (
        <DataTable
          label={t("devices.tasks")}
          columns={columnsOf(t, setCancelled)}
          rows={rows}
          rowKey={(row) => row.taskId}
          error={events.error}
          onRetry={() => void events.refetch()}
        />
      )}
      <ConfirmTyped
        opened={cancelled !== null}
        onClose={() => setCancelled(null)}
        onConfirm={() => cancelled && cancel.mutate(cancelled.taskId)}
        title={t("devices.cancelTask")}
        word={device.deviceName}
        confirmLabel={t("devices.cancelTask")}
        isPending={cancel.isPending}
      >
        {t("devices.cancelTaskHint")}
      </ConfirmTyped>
    </Card>
  );
}

/** The call names the firmware, which only the device's open tasks say. */
function useCancel(device: Named, onDone: () => void) {
  const { t } = useWords();
  const client = useQueryClient();
  return useMutation<boolean, CallError, string>({
    mutationFn: async (taskId) => {
      const open = await call("ListOTAUnfinishedTaskByDevice", wireOf(device));
      const task = open.data.simpleOTATaskInfo.find((one) => one.taskId === taskId);
      if (task === undefined) return false; // it has ended by itself
      await call("CancelOTATaskByDevice", {
        ProductKey: device.productKey,
        DeviceName: [device.deviceName],
        FirmwareId: task.firmwareId,
        JobId: task.jobId,
      });
      return true;
    },
    onSuccess: (isCancelled) => {
      showDone(t(isCancelled ? "devices.taskCancelled" : "devices.taskOver"));
      onDone();
    },
    onError: showError,
    onSettled: () => client.invalidateQueries({ queryKey: ["call"] }),
  });
}

function columnsOf(t: Words["t"], onCancel: (task: TaskLine) => void): Column<TaskLine>[] {
  return [
    { key: "what", title: t("devices.upgrade"), cell: (task) => <What task={task} /> },
    { key: "state", title: t("devices.state"), cell: (task) => <State task={task} /> },
    { key: "time", title: t("common.time"), cell: (task) => <Time at={task.utcTime} /> },
    {
      key: "do",
      title: t("devices.actions"),
      isAction: true,
      cell: (task) => <TaskButtons task={task} onCancel={() => onCancel(task)} />,
    },
  ];
}

function What({ task }: { task: TaskLine }) {
  const { t } = useWords();
  const module = task.moduleName === "default" ? "" : `${task.moduleName} `;
  const path = task.destVersion === "" ? t("devices.task", { id: task.taskId }) : `${module}${task.destVersion}`;
  return (
    <>
      <Anchor component={Link} to={`/rollouts/${task.jobId}`} size="sm" fw={600}>
        {task.srcVersion === "" || task.destVersion === "" ? path : `${module}${task.srcVersion} → ${task.destVersion}`}
      </Anchor>
      <Text size="xs" c="dimmed">
        {t("devices.ofRollout", { id: task.jobId })}
        {task.attempt > 1 && ` · ${t("devices.attempt", { attempt: task.attempt })}`}
      </Text>
    </>
  );
}

function State({ task }: { task: TaskLine }) {
  const { t } = useWords();
  return (
    <div>
      <StatusBadge kind="task" status={task.status} />
      {task.status === "IN_PROGRESS" && (
        <Progress
          value={task.progress}
          size="sm"
          mt={6}
          aria-label={t("devices.progress", { progress: task.progress })}
        />
      )}
      {task.words !== "" && (
        <Text size="xs" mt={4} maw={340}>
          <Code>{task.words}</Code>
        </Text>
      )}
    </div>
  );
}

function TaskButtons({ task, onCancel }: { task: TaskLine; onCancel: () => void }) {
  const { t } = useWords();
  const may = useMay();
  const confirm = useChange("ConfirmOTATask", { onDone: () => showDone(t("devices.taskConfirmed")) });
  const again = useChange("ReupgradeOTATask", { onDone: () => showDone(t("devices.taskAgain")) });
  const isOpen = !ENDED.includes(task.status);
  return (
    <Group gap={4} justify="flex-end">
      {task.status === "CONFIRM" && may("ConfirmOTATask") && (
        <Button size="compact-xs" loading={confirm.isPending} onClick={() => confirm.mutate({ TaskId: [task.taskId] })}>
          {t("devices.confirmTask")}
        </Button>
      )}
      {(task.status === "FAILED" || task.status === "CANCELED") && may("ReupgradeOTATask") && (
        <Button
          size="compact-xs"
          variant="light"
          loading={again.isPending}
          onClick={() => again.mutate({ JobId: task.jobId, TaskId: [task.taskId] })}
        >
          {t("devices.again")}
        </Button>
      )}
      {isOpen && may("CancelOTATaskByDevice") && (
        <Button size="compact-xs" variant="subtle" color="clay" onClick={onCancel}>
          {t("devices.cancelTask")}
        </Button>
      )}
    </Group>
  );
}
