import { Alert, Button, Group, Modal, Stack, Tabs, Text } from "@mantine/core";
import { IconEyeOff } from "@tabler/icons-react";
import { useSession } from "~/api/hooks";
import { Snippet } from "~/parts/Snippet";
import { useWords } from "~/words/useWords";
import { SNIPPETS, snippetOf } from "./snippets";

export interface NewSecret {
  id: string;
  secret: string;
  name: string;
}

/** A secret, this once; and lines that use it. */
export function SecretOnce({ secret, onClose }: { secret: NewSecret | null; onClose: () => void }) {
  const { t } = useWords();
  return (
    <Modal
      opened={secret !== null}
      onClose={onClose}
      title={t("keys.secretTitle")}
      size="lg"
      closeOnClickOutside={false}
      closeOnEscape={false}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {secret && <Secret secret={secret} onClose={onClose} />}
    </Modal>
  );
}

function Secret({ secret, onClose }: { secret: NewSecret; onClose: () => void }) {
  const { t } = useWords();
  const { data: session } = useSession();
  const server = session?.server.publicUrl ?? "";
  return (
    <Stack gap="md">
      <Alert color="sand" icon={<IconEyeOff aria-hidden />}>
        {t("keys.secretOnce")}
      </Alert>
      <div>
        <Text size="sm" fw={600}>
          {t("keys.id")}
        </Text>
        <Snippet label={t("keys.id")} code={secret.id} />
      </div>
      <div>
        <Text size="sm" fw={600}>
          {t("keys.secret")}
        </Text>
        <Snippet label={t("keys.secret")} code={secret.secret} />
      </div>
      <Tabs defaultValue="cli" variant="default">
        <Tabs.List>
          {SNIPPETS.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`keys.sdk.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {SNIPPETS.map((name) => (
          <Tabs.Panel key={name} value={name} pt="sm">
            <Snippet
              label={t(`keys.sdk.${name}`)}
              code={snippetOf(name, { id: secret.id, secret: secret.secret, server })}
            />
          </Tabs.Panel>
        ))}
      </Tabs>
      <Group justify="flex-end">
        <Button onClick={onClose}>{t("keys.kept")}</Button>
      </Group>
    </Stack>
  );
}
