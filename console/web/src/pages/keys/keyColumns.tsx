import { ActionIcon, Badge, Code, Group, Menu, Stack, Text } from "@mantine/core";
import { IconCheck, IconDots, IconPencil, IconPower, IconRefresh, IconTrash } from "@tabler/icons-react";
import { CopyButton } from "~/parts/CopyButton";
import type { Column } from "~/parts/DataTable";
import { Time } from "~/parts/Time";
import { useWords, type Words } from "~/words/useWords";
import type { Ask } from "./KeyQuestions";
import { type Key, statementWords } from "./rights";

interface Handlers {
  onEdit: (key: Key) => void;
  onAsk: (ask: Ask) => void;
}

export function keyColumns(t: Words["t"], mayChange: boolean, handlers: Handlers): Column<Key>[] {
  const columns: Column<Key>[] = [
    { key: "name", title: t("keys.name"), cell: (row) => <KeyName row={row} /> },
    { key: "status", title: t("keys.status"), cell: (row) => <KeyStatus status={row.status} /> },
    { key: "rights", title: t("keys.rightsTitle"), cell: (row) => <Rights row={row} /> },
    { key: "created", title: t("keys.created"), cell: (row) => <Time at={row.utcCreate} />, isWide: true },
  ];
  if (!mayChange) return columns;
  const actions: Column<Key> = {
    key: "actions",
    title: t("keys.actions"),
    isAction: true,
    cell: (row) => <KeyMenu row={row} {...handlers} />,
  };
  return [...columns, actions];
}

/** The key's name, or its id when it has none. */
export function nameOf(key: { name: string; accessKeyId: string }): string {
  return key.name || key.accessKeyId;
}

function KeyName({ row }: { row: Key }) {
  const { t } = useWords();
  return (
    <Stack gap={0}>
      <Text size="sm" fw={600} c={row.name ? undefined : "dimmed"}>
        {row.name || t("keys.unnamed")}
      </Text>
      <Group gap={2} wrap="nowrap">
        <Code bg="transparent" p={0}>
          {row.accessKeyId}
        </Code>
        <CopyButton value={row.accessKeyId} of={t("keys.id")} />
      </Group>
    </Stack>
  );
}

function KeyStatus({ status }: { status: string }) {
  const { maybe } = useWords();
  const isActive = status === "Active";
  const Icon = isActive ? IconCheck : IconPower;
  return (
    <Badge
      color={isActive ? "marsh" : "gray"}
      variant="light"
      tt="none"
      fw={600}
      miw="max-content"
      leftSection={<Icon size={13} stroke={2.2} aria-hidden />}
    >
      {maybe(`keys.is.${status}`, status)}
    </Badge>
  );
}

function Rights({ row }: { row: Key }) {
  const { t } = useWords();
  const statements = row.statements.statement;
  if (statements.length === 0) return <Text size="sm">{t("keys.rights.nothing")}</Text>;
  return (
    <Stack gap={2}>
      {statements.map((statement) => (
        <Text size="sm" key={JSON.stringify(statement)}>
          {statementWords(statement, t)}
        </Text>
      ))}
    </Stack>
  );
}

function KeyMenu({ row, onEdit, onAsk }: { row: Key } & Handlers) {
  const { t } = useWords();
  const isActive = row.status === "Active";
  return (
    <Menu position="bottom-end" width={210}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t("keys.actionsOf", { name: nameOf(row) })}>
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={() => onEdit(row)}>
          {t("keys.edit")}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconRefresh size={16} aria-hidden />}
          onClick={() => onAsk({ what: "rotate", key: row })}
        >
          {t("keys.rotate")}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconPower size={16} aria-hidden />}
          onClick={() => onAsk({ what: isActive ? "disable" : "enable", key: row })}
        >
          {t(isActive ? "keys.disable" : "keys.enable")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item
          color="clay"
          leftSection={<IconTrash size={16} aria-hidden />}
          onClick={() => onAsk({ what: "delete", key: row })}
        >
          {t("common.delete")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
