import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { useWords } from "~/words/useWords";

interface ReasonDialogProps {
  opened: boolean;
  onClose: () => void;
  onConfirm: (reason: string) => void;
  title: string;
  children?: ReactNode;
  confirmLabel?: string;
  isPending?: boolean;
  isDangerous?: boolean;
  isRequired?: boolean;
  lengthMax?: number;
}

/** Asks why: for pauses, resumes and cancels, whose reason others will look for. */
export function ReasonDialog(props: ReasonDialogProps) {
  const {
    opened,
    onClose,
    onConfirm,
    title,
    children,
    confirmLabel,
    isPending,
    isDangerous,
    isRequired = false,
  } = props;
  const { t } = useWords();
  const [reason, setReason] = useState("");
  useEffect(() => {
    if (opened) setReason("");
  }, [opened]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onConfirm(reason.trim());
  };
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ "aria-label": t("common.close") }}>
      <form onSubmit={submit}>
        <Stack gap="md">
          {children && (
            <Text component="div" size="sm">
              {children}
            </Text>
          )}
          <Textarea
            label={t("common.reason")}
            description={t("common.reasonHint")}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            maxLength={props.lengthMax ?? 128}
            rows={2}
            required={isRequired}
            data-autofocus
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t("common.cancel")}
            </Button>
            <Button
              type="submit"
              color={isDangerous ? "clay" : undefined}
              loading={isPending}
              disabled={isRequired && reason.trim() === ""}
            >
              {confirmLabel ?? t("common.confirm")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
