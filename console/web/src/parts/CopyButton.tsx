import { ActionIcon, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useWords } from "~/words/useWords";

/** Puts `value` on the clipboard and says so. `of` names what is copied to a screen reader. */
export function CopyButton({ value, of }: { value: string; of?: string }) {
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
        onClick={() => clipboard.copy(value)}
      >
        {clipboard.copied ? <IconCheck size={15} aria-hidden /> : <IconCopy size={15} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  );
}
