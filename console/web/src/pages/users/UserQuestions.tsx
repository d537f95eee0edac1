import { Button, Group, Modal, Stack } from "@mantine/core";
import { useState } from "react";
import { useChange } from "~/api/hooks";
import { ConfirmTyped } from "~/parts/ConfirmTyped";
import { ErrorNote } from "~/parts/ErrorNote";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import type { Link } from "./LinkOnce";
import { RoleChoice, roleOf } from "./RoleChoice";
import type { User } from "./userColumns";

export interface Ask {
  what: "role" | "link" | "signOut" | "disable" | "enable" | "delete";
  user: User;
}

interface UserQuestionsProps {
  ask: Ask | null;
  onClose: () => void;
  onInvited: (link: Link) => void;
}

/** What is asked before a user is changed. */
export function UserQuestions({ ask, onClose, onInvited }: UserQuestionsProps) {
  if (ask === null) return null;
  if (ask.what === "role") return <RoleQuestion key={ask.user.name} user={ask.user} onClose={onClose} />;
  return <Sure what={ask.what} user={ask.user} onClose={onClose} onInvited={onInvited} />;
}

interface SureProps {
  what: Exclude<Ask["what"], "role">;
  user: User;
  onClose: () => void;
  onInvited: (link: Link) => void;
}

function Sure({ what, user, onClose, onInvited }: SureProps) {
  const { t } = useWords();
  const Name = user.name;
  const done = () => {
    onClose();
    showDone(t(`users.done.${what}`, { name: Name }));
  };
  const update = useChange("XUpdateConsoleUser", { onDone: done });
  const remove = useChange("XDeleteConsoleUser", { onDone: done });
  const revoke = useChange("XRevokeConsoleSession", { onDone: done });
  const invite = useChange("XInviteConsoleUser", {
    onDone: ({ data }) => {
      onClose();
      onInvited({ name: data.name, link: data.link, utcExpire: data.utcExpire });
    },
  });
  const confirm = () => {
    if (what === "delete") remove.mutate({ Name });
    else if (what === "link") invite.mutate({ Name });
    else if (what === "signOut") revoke.mutate({ UserName: Name });
    else update.mutate({ Name, Status: what === "enable" ? "ACTIVE" : "DISABLED" });
  };
  return (
    <ConfirmTyped
      opened
      onClose={onClose}
      onConfirm={confirm}
      title={t(`users.ask.${what}`, { name: Name })}
      word={what === "link" || what === "enable" ? undefined : Name}
      isPending={[update, remove, revoke, invite].some((change) => change.isPending)}
      isDangerous={what === "delete" || what === "disable" || what === "signOut"}
    >
      {t(`users.means.${what}`)}
    </ConfirmTyped>
  );
}

function RoleQuestion({ user, onClose }: { user: User; onClose: () => void }) {
  const { t, maybe } = useWords();
  const [role, setRole] = useState(() => roleOf(user.role));
  const update = useChange("XUpdateConsoleUser", {
    isQuiet: true,
    onDone: ({ data }) => {
      onClose();
      showDone(t("users.done.role", { name: data.name, role: maybe(`status.role.${data.role}`, data.role) }));
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("users.roleOf", { name: user.name })}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <Stack gap="md">
        {update.error && <ErrorNote error={update.error} />}
        <RoleChoice value={role} onChange={setRole} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button
            loading={update.isPending}
            disabled={role === user.role}
            onClick={() => update.mutate({ Name: user.name, Role: role })}
          >
            {t("common.save")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
