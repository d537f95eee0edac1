import { ActionIcon, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useWords } from "~/words/useWords";
import { showError } from "./toasts";

interface CopyButtonProps {
  /** A function reads it when it is wanted. */
  value: string | (() => Promise<string>);
  /** Names what is copied to a screen reader. */
  of?: string;
}

/** Puts `value` on the clipboard and says so. */
export function CopyButton({ value, of }: CopyButtonProps) {
  const { t } = useWords();
  const clipboard = useClipboard({ timeout: 1_500 });
  const label = clipboard.copied ? t("common.copied") : of ? t("common.copyOf", { of }) : t("common.copy");
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color={clipboard.copied ? "marsh" : "gray"}
        size="sm"
        aria-label={label}
        onClick={() => (typeof value === "string" ? clipboard.copy(value) : value().then(clipboard.copy, showError))}
      >
        {clipboard.copied ? <IconCheck size={15} aria-hidden /> : <IconCopy size={15} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  );
}
