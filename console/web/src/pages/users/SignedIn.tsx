import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useChange, useLiveCall, useMay } from "~/api/hooks";
import type { Answer } from "~/api/types";
import { type Column, DataTable } from "~/parts/DataTable";
import { EmptyState } from "~/parts/EmptyState";
import { Time } from "~/parts/Time";
import { showDone } from "~/parts/toasts";
import { useWords, type Words } from "~/words/useWords";
import { browserName } from "./browsers";

type Session = Answer<"XListConsoleSessions">["data"]["consoleSession"][number];

const ROWS = 20;

interface SignedInProps {
  /** Only this user's; empty for all. */
  user: string;
  onClear: () => void;
}

/** Which browsers are signed in now, and the way to end one. */
export function SignedIn({ user, onClear }: SignedInProps) {
  const { t } = useWords();
  const may = useMay();
  const [page, setPage] = useState(1);
  const list = useLiveCall(
    "XListConsoleSessions",
    { CurrentPage: page, PageSize: ROWS, ...(user ? { UserName: user } : {}) },
    { keepPrevious: true },
  );
  const revoke = useChange("XRevokeConsoleSession", { onDone: () => showDone(t("me.ended")) });
  const end = may("XRevokeConsoleSession")
    ? (session: Session) => revoke.mutate({ SessionId: session.sessionId })
    : null;
  return (
    <Stack component="section" gap="sm" aria-labelledby="users-signed-in">
      <Group justify="space-between" align="flex-end">
        <div>
          <Title order={2} size="h4" id="users-signed-in">
            {user ? t("users.signedInOf", { name: user }) : t("users.signedIn")}
          </Title>
          <Text size="sm" c="dimmed">
            {t("users.signedInHint")}
          </Text>
        </div>
        {user && (
          <Button variant="subtle" size="xs" leftSection={<IconX size={15} aria-hidden />} onClick={onClear}>
            {t("users.ofAll")}
          </Button>
        )}
      </Group>
      <div>
        <DataTable
          label={t("users.signedIn")}
          columns={columnsOf(t, end)}
          rows={list.data?.data.consoleSession}
          rowKey={(row) => row.sessionId}
          error={list.error}
          onRetry={() => void list.refetch()}
          isStale={list.isPlaceholderData}
          empty={<EmptyState title={t("users.nobody")} />}
          page={page}
          pageCount={list.data?.pageCount}
          total={list.data?.total}
          onPage={setPage}
        />
      </div>
    </Stack>
  );
}

function columnsOf(t: Words["t"], end: ((session: Session) => void) | null): Column<Session>[] {
  const columns: Column<Session>[] = [
    { key: "user", title: t("signing.name"), cell: (row) => row.userName },
    {
      key: "agent",
      title: t("me.browser"),
      cell: (row) => <span title={row.agent}>{browserName(row.agent) || t("common.unknown")}</span>,
    },
    { key: "address", title: t("me.address"), cell: (row) => row.address },
    { key: "seen", title: t("me.lastSeen"), cell: (row) => <Time at={row.utcSeen} /> },
    { key: "created", title: t("me.signedIn"), cell: (row) => <Time at={row.utcCreate} />, isWide: true },
  ];
  if (end === null) return columns;
  const action: Column<Session> = {
    key: "end",
    title: t("me.end"),
    isAction: true,
    cell: (row) => (
      <Button
        variant="subtle"
        color="clay"
        size="compact-sm"
        aria-label={t("users.endOf", { name: row.userName })}
        onClick={() => end(row)}
      >
        {t("me.end")}
      </Button>
    ),
  };
  return [...columns, action];
}
