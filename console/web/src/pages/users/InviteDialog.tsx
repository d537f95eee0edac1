import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { useChange } from "~/api/hooks";
import { ErrorNote } from "~/parts/ErrorNote";
import { useWords } from "~/words/useWords";
import type { Link } from "./LinkOnce";
import { type Role, RoleChoice } from "./RoleChoice";

const NAME_LENGTH_MAX = 64;

interface InviteDialogProps {
  opened: boolean;
  onClose: () => void;
  onMade: (link: Link) => void;
}

/** A new user: the name, the role, and then a link to hand over. */
export function InviteDialog({ opened, onClose, onMade }: InviteDialogProps) {
  const { t } = useWords();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("VIEWER");
  const invite = useChange("XInviteConsoleUser", {
    isQuiet: true,
    onDone: ({ data }) => {
      onClose();
      onMade({ name: data.name, link: data.link, utcExpire: data.utcExpire });
    },
  });
  const { reset } = invite;
  useEffect(() => {
    if (!opened) return;
    setName("");
    setRole("VIEWER");
    reset();
  }, [opened, reset]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate({ Name: name.trim(), Role: role });
  };
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("users.invite")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form onSubmit={submit}>
        <Stack gap="md">
          {invite.error && <ErrorNote error={invite.error} />}
          <TextInput
            label={t("signing.name")}
            description={t("users.nameHint")}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={NAME_LENGTH_MAX}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            required
            withAsterisk={false}
            data-autofocus
          />
          <RoleChoice value={role} onChange={setRole} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t("common.cancel")}
            </Button>
            <Button type="submit" loading={invite.isPending}>
              {t("users.makeLink")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
