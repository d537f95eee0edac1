import { ActionIcon, Anchor, Badge, Group, Menu, Text } from "@mantine/core";
import {
  IconCheck,
  IconDots,
  IconEye,
  IconLink,
  IconLogout,
  IconMail,
  IconRocket,
  IconShieldCog,
  IconTrash,
  IconUserEdit,
  IconUserOff,
} from "@tabler/icons-react";
import { Link } from "react-router";
import type { Answer } from "~/api/types";
import type { Column } from "~/parts/DataTable";
import { Time } from "~/parts/Time";
import { useWords, type Words } from "~/words/useWords";
import type { Ask } from "./UserQuestions";

export type User = Answer<"XListConsoleUsers">["data"]["consoleUser"][number];

const ROLE_ICONS: Readonly<Record<string, typeof IconEye>> = {
  VIEWER: IconEye,
  RELEASER: IconRocket,
  ADMIN: IconShieldCog,
};

interface ColumnsOptions {
  mayChange: boolean;
  /** Who is signed in. */
  self: string | undefined;
  onAsk: (ask: Ask) => void;
}

export function userColumns(t: Words["t"], { mayChange, self, onAsk }: ColumnsOptions): Column<User>[] {
  const columns: Column<User>[] = [
    { key: "name", title: t("signing.name"), cell: (row) => <UserName row={row} isSelf={row.name === self} /> },
    { key: "role", title: t("users.role"), cell: (row) => <RoleMark role={row.role} /> },
    { key: "status", title: t("users.status"), cell: (row) => <UserState row={row} /> },
    {
      key: "seen",
      title: t("users.lastSignIn"),
      cell: (row) => <Time at={row.utcLastSignIn || undefined} />,
    },
    {
      key: "sessions",
      title: t("users.sessions"),
      isWide: true,
      cell: (row) => (
        <Anchor component={Link} to={`/users?user=${encodeURIComponent(row.name)}`} inherit>
          {t("users.showSessions")}
        </Anchor>
      ),
    },
  ];
  if (!mayChange) return columns;
  const actions: Column<User> = {
    key: "actions",
    title: t("keys.actions"),
    isAction: true,
    cell: (row) => <UserMenu row={row} onAsk={onAsk} />,
  };
  return [...columns, actions];
}

function UserName({ row, isSelf }: { row: User; isSelf: boolean }) {
  const { t } = useWords();
  return (
    <Group gap={6}>
      <Text size="sm" fw={600}>
        {row.name}
      </Text>
      {isSelf && (
        <Badge variant="default" size="sm" tt="none">
          {t("users.you")}
        </Badge>
      )}
    </Group>
  );
}

/** A role's icon and word. */
export function RoleMark({ role }: { role: string }) {
  const { maybe } = useWords();
  const Icon = ROLE_ICONS[role] ?? IconEye;
  return (
    <Group component="span" gap={6} display="inline-flex" wrap="nowrap">
      <Icon size={16} aria-hidden />
      {maybe(`status.role.${role}`, role)}
    </Group>
  );
}

function UserState({ row }: { row: User }) {
  const { t } = useWords();
  const state = row.status !== "ACTIVE" ? "disabled" : row.hasPassword ? "active" : "invited";
  const [color, Icon] = { disabled: ["gray", IconUserOff], active: ["marsh", IconCheck], invited: ["sand", IconMail] }[
    state
  ] as [string, typeof IconEye];
  return (
    <Badge
      color={color}
      variant="light"
      tt="none"
      fw={600}
      miw="max-content"
      leftSection={<Icon size={13} aria-hidden />}
    >
      {t(`users.is.${state}`)}
    </Badge>
  );
}

function UserMenu({ row, onAsk }: { row: User; onAsk: (ask: Ask) => void }) {
  const { t } = useWords();
  const isActive = row.status === "ACTIVE";
  const ask = (what: Ask["what"]) => () => onAsk({ what, user: row });
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t("keys.actionsOf", { name: row.name })}>
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconUserEdit size={16} aria-hidden />} onClick={ask("role")}>
          {t("users.changeRole")}
        </Menu.Item>
        {isActive && (
          <Menu.Item leftSection={<IconLink size={16} aria-hidden />} onClick={ask("link")}>
            {t("users.newLink")}
          </Menu.Item>
        )}
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={ask("signOut")}>
          {t("users.signOut")}
        </Menu.Item>
        <Menu.Item leftSection={<IconUserOff size={16} aria-hidden />} onClick={ask(isActive ? "disable" : "enable")}>
          {t(isActive ? "users.disable" : "users.enable")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item color="clay" leftSection={<IconTrash size={16} aria-hidden />} onClick={ask("delete")}>
          {t("common.delete")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
