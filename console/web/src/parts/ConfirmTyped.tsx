import { Button, Code, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { useWords } from "~/words/useWords";

interface ConfirmTypedProps {
  opened: boolean;
  onClose: () => void;
  onConfirm: () => void;
  title: string;
  /** Exactly this has to be typed: a name, or the number of devices. Left out where a plain question is enough. */
  word?: string;
  /** What will happen, and what cannot be undone. */
  children: ReactNode;
  confirmLabel?: string;
  isPending?: boolean;
  isDangerous?: boolean;
}

/** A question that no habit answers: the exact word has to be typed. */
export function ConfirmTyped(props: ConfirmTypedProps) {
  const { opened, onClose, onConfirm, title, word, children, confirmLabel, isPending, isDangerous = true } = props;
  const { t, rich } = useWords();
  const [typed, setTyped] = useState("");
  useEffect(() => {
    if (opened) setTyped("");
  }, [opened]);
  const isSure = word === undefined || typed.trim() === word;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isSure) onConfirm();
  };
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ "aria-label": t("common.close") }}>
      <form onSubmit={submit}>
        <Stack gap="md">
          <Text component="div" size="sm">
            {children}
          </Text>
          {word !== undefined && (
            <TextInput
              label={rich("common.typeToConfirm", { word: <Code>{word}</Code> })}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              data-autofocus
            />
          )}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t("common.cancel")}
            </Button>
            <Button type="submit" color={isDangerous ? "clay" : undefined} loading={isPending} disabled={!isSure}>
              {confirmLabel ?? t("common.confirm")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
