import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { IconEyeOff } from "@tabler/icons-react";
import { Snippet } from "~/parts/Snippet";
import { useWords } from "~/words/useWords";

export interface Link {
  name: string;
  link: string;
  utcExpire: string;
}

/** An invitation's link, this once. */
export function LinkOnce({ link, onClose }: { link: Link | null; onClose: () => void }) {
  const { t, format } = useWords();
  return (
    <Modal
      opened={link !== null}
      onClose={onClose}
      title={t("users.linkFor", { name: link?.name ?? "" })}
      size="lg"
      closeOnClickOutside={false}
      closeOnEscape={false}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {link && (
        <Stack gap="md">
          <Alert color="sand" icon={<IconEyeOff aria-hidden />}>
            {t("users.linkOnce", { name: link.name })}
          </Alert>
          <Snippet label={t("users.link")} code={link.link} />
          <Text size="sm" c="dimmed">
            {t("users.linkEnds", { when: format.exact(Date.parse(link.utcExpire)) })}
          </Text>
          <Group justify="flex-end">
            <Button onClick={onClose}>{t("users.handedOver")}</Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
