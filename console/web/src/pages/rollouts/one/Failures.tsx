import { Anchor, Text } from "@mantine/core";
import { Link } from "react-router";
import { useLiveCall } from "~/api/hooks";
import type { Answer } from "~/api/types";
import { type Column, DataTable } from "~/parts/DataTable";
import { useWords, type Words } from "~/words/useWords";

export type Reason = Answer<"XListOTAFailureReasons">["data"]["reason"][number];

/** A reason's code in the language's words. */
export function reasonTitle(maybe: Words["maybe"], code: string): string {
  return maybe(`rollouts.code.${code}`, code);
}

/** Why devices failed, each reason once, with the devices behind it. */
export function Failures({ jobId }: { jobId: string }) {
  const words = useWords();
  const { t } = words;
  const reasons = useLiveCall("XListOTAFailureReasons", { JobId: jobId });
  return (
    <DataTable
      label={t("rollouts.failures")}
      columns={columnsOf(words, jobId)}
      rows={reasons.data?.data.reason}
      rowKey={(row) => row.reasonId}
      error={reasons.error}
      onRetry={() => void reasons.refetch()}
      empty={
        <Text size="sm" c="dimmed">
          {t("rollouts.noFailures")}
        </Text>
      }
    />
  );
}

function columnsOf({ t, maybe, format }: Words, jobId: string): Column<Reason>[] {
  return [
    {
      key: "reason",
      title: t("rollouts.reason"),
      cell: (row) => (
        <>
          <Text fw={600} size="sm">
            {reasonTitle(maybe, row.code)}
          </Text>
          {row.words !== "" && (
            <Text size="sm" c="dimmed">
              {row.words}
            </Text>
          )}
        </>
      ),
    },
    {
      key: "devices",
      title: t("rollouts.devicesColumn"),
      isNumber: true,
      cell: (row) => (
        <Anchor
          component={Link}
          to={`/rollouts/${jobId}?reason=${row.reasonId}`}
          fw={600}
          aria-label={t("rollouts.devicesWith", { count: row.tasks, reason: reasonTitle(maybe, row.code) })}
        >
          {format.number(row.tasks)}
        </Anchor>
      ),
    },
  ];
}
