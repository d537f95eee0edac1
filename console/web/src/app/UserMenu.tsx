import { Button, Menu, Text } from "@mantine/core";
import { IconChevronDown, IconLogout, IconUserCircle } from "@tabler/icons-react";
import { Link } from "react-router";
import { post } from "~/api/client";
import { asCallError } from "~/api/errors";
import { useSession } from "~/api/hooks";
import { showError } from "~/parts/toasts";
import { useWords } from "~/words/useWords";

/** Who is signed in, and the way out. */
export function UserMenu() {
  const { t, maybe } = useWords();
  const { data: session } = useSession();
  if (!session) return null;
  const { name, role } = session.user;
  const signOut = async () => {
    try {
      await post("sign-out", {});
      // What one user saw, secrets too, is in this page's memory: the next begins with a new one.
      window.history.replaceState(null, "", "#/sign-in");
      window.location.reload();
    } catch (error) {
      showError(asCallError(error));
    }
  };
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          px="xs"
          leftSection={<IconUserCircle size={20} aria-hidden />}
          rightSection={<IconChevronDown size={14} aria-hidden />}
          aria-label={t("shell.user", { name })}
        >
          <Text component="span" size="sm" visibleFrom="xs" truncate maw={160}>
            {name}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {name} · {maybe(`status.role.${role}`, role)}
        </Menu.Label>
        <Menu.Item component={Link} to="/me" leftSection={<IconUserCircle size={16} aria-hidden />}>
          {t("me.title")}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void signOut()}>
          {t("shell.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
