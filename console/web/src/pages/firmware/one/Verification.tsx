import { Anchor, Button, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { useLiveCall, useMay } from "~/api/hooks";
import type { Answer } from "~/api/types";
import { type Column, DataTable } from "~/parts/DataTable";
import { Section } from "~/parts/Section";
import { StatusBadge } from "~/parts/StatusBadge";
import { Time } from "~/parts/Time";
import { useWords, type Words } from "~/words/useWords";
import type { Firmware } from "../OneFirmwarePage";
import { VerifyDialog } from "./VerifyDialog";

type Task = Answer<"ListOTATaskByJob">["data"]["simpleOTATaskInfo"][number];

const [NEEDS_NONE, UNVERIFIED, VERIFIED, VERIFYING, VERIFICATION_FAILED] = [-1, 0, 1, 2, 3];
const MEANING = {
  [UNVERIFIED]: "firmware.isUnverified",
  [VERIFIED]: "firmware.isVerified",
  [VERIFYING]: "firmware.isVerifying",
  [VERIFICATION_FAILED]: "firmware.isFailed",
} as const;

/** Whether it went well on some devices before it goes out to all: as it happens, and what they said. */
export function Verification({ firmware }: { firmware: Firmware }) {
  const { t } = useWords();
  const may = useMay();
  const [isOpen, setIsOpen] = useState(false);
  const jobs = useLiveCall(
    "XListOTAJobs",
    { FirmwareId: firmware.firmwareId, JobType: ["VERIFY_FIRMWARE"], PageSize: 1 },
    { enabled: firmware.status !== NEEDS_NONE },
  );
  const job = jobs.data?.data.jobs[0];
  if (firmware.status === NEEDS_NONE) return null;
  const canStart = [UNVERIFIED, VERIFICATION_FAILED].includes(firmware.status) && may("CreateOTAVerifyJob");
  return (
    <Section
      title={t("firmware.verification")}
      actions={
        canStart && (
          <Button size="sm" onClick={() => setIsOpen(true)}>
            {t(firmware.status === UNVERIFIED ? "firmware.verify" : "firmware.verifyAgain")}
          </Button>
        )
      }
    >
      <Stack gap="sm">
        <Text size="sm" role="status">
          {t(MEANING[firmware.status as keyof typeof MEANING] ?? "firmware.isUnverified")}
        </Text>
        {job && <Tasks jobId={job.jobId} />}
      </Stack>
      <VerifyDialog firmware={firmware} opened={isOpen} onClose={() => setIsOpen(false)} />
    </Section>
  );
}

function Tasks({ jobId }: { jobId: string }) {
  const words = useWords();
  const { data, error, refetch } = useLiveCall("ListOTATaskByJob", { JobId: jobId, CurrentPage: 1, PageSize: 10 });
  return (
    <DataTable
      label={words.t("firmware.testDevices")}
      columns={columnsOf(words)}
      rows={data?.data.simpleOTATaskInfo}
      rowKey={(task) => task.taskId}
      error={error}
      onRetry={() => void refetch()}
    />
  );
}

function columnsOf({ t }: Words): Column<Task>[] {
  return [
    {
      key: "device",
      title: t("firmware.device"),
      cell: (task) => (
        <Anchor component={Link} to={`/devices/${task.productKey}/${encodeURIComponent(task.deviceName)}`} size="sm">
          {task.deviceName}
        </Anchor>
      ),
    },
    {
      key: "status",
      title: t("firmware.status"),
      cell: (task) => (
        <>
          <StatusBadge kind="task" status={task.taskStatus} />
          {task.taskStatus === "IN_PROGRESS" && ` ${task.progress} %`}
        </>
      ),
    },
    { key: "said", title: t("firmware.said"), cell: (task) => task.taskDesc },
    { key: "changed", title: t("firmware.changed"), cell: (task) => <Time at={task.utcModified} />, isWide: true },
  ];
}
