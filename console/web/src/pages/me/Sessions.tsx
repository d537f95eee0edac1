import { Badge, Button, Group, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { post, send } from "~/api/client";
import type { CallError } from "~/api/errors";
import { SESSION_KEY } from "~/api/hooks";
import { browserName } from "~/pages/users/browsers";
import { type Column, DataTable } from "~/parts/DataTable";
import { Time } from "~/parts/Time";
import { showDone, showError } from "~/parts/toasts";
import { useWords, type Words } from "~/words/useWords";

export const OWN_SESSIONS_KEY = ["own-sessions"] as const;

interface OwnSession {
  sessionId: string;
  createdAt: string;
  seenAt: string;
  endsAt: string;
  address: string;
  agent: string;
  isThis: boolean;
}

/** Where one is signed in; one's own sessions alone, so that viewers have it too. */
export function Sessions() {
  const { t } = useWords();
  const client = useQueryClient();
  const list = useQuery<OwnSession[], CallError>({
    queryKey: OWN_SESSIONS_KEY,
    queryFn: async () => (await send("sessions")).sessions as OwnSession[],
  });
  const end = useMutation<unknown, CallError, { sessionId?: string }>({
    mutationFn: (which) => post("end-sessions", which),
    onSuccess: async (_, { sessionId }) => {
      await client.invalidateQueries({ queryKey: sessionId === undefined ? SESSION_KEY : OWN_SESSIONS_KEY });
      if (sessionId !== undefined) showDone(t("me.ended"));
    },
    onError: showError,
  });
  return (
    <Stack component="section" gap="sm" aria-labelledby="me-sessions">
      <Group justify="space-between" align="flex-end">
        <div>
          <Title order={2} size="h4" id="me-sessions">
            {t("me.sessions")}
          </Title>
          <Text size="sm" c="dimmed">
            {t("me.sessionsHint")}
          </Text>
        </div>
        <Button variant="default" size="xs" loading={end.isPending} onClick={() => end.mutate({})}>
          {t("me.endAll")}
        </Button>
      </Group>
      <DataTable
        label={t("me.sessions")}
        columns={columnsOf(t, (sessionId) => end.mutate({ sessionId }))}
        rows={list.data}
        rowKey={(row) => row.sessionId}
        error={list.error}
        onRetry={() => void list.refetch()}
      />
    </Stack>
  );
}

function columnsOf(t: Words["t"], end: (sessionId: string) => void): Column<OwnSession>[] {
  return [
    { key: "address", title: t("me.address"), cell: (row) => row.address },
    { key: "seen", title: t("me.lastSeen"), cell: (row) => <Time at={row.seenAt} /> },
    { key: "created", title: t("me.signedIn"), cell: (row) => <Time at={row.createdAt} />, isWide: true },
    {
      key: "agent",
      title: t("me.browser"),
      cell: (row) => (
        <Text size="sm" lineClamp={1} title={row.agent}>
          {browserName(row.agent)}
        </Text>
      ),
      isWide: true,
    },
    { key: "ends", title: t("me.ends"), cell: (row) => <Time at={row.endsAt} />, isWide: true },
    {
      key: "end",
      title: t("me.end"),
      isAction: true,
      cell: (row) =>
        row.isThis ? (
          <Badge variant="light" tt="none" miw="max-content">
            {t("me.thisOne")}
          </Badge>
        ) : (
          <Button variant="subtle" color="clay" size="compact-xs" onClick={() => end(row.sessionId)}>
            {t("me.end")}
          </Button>
        ),
    },
  ];
}
