import { Button, Group, Text } from "@mantine/core";
import { IconEye, IconEyeOff } from "@tabler/icons-react";
import { useState } from "react";
import { asCallError } from "~/api/errors";
import { useSession } from "~/api/hooks";
import { useWords } from "~/words/useWords";
import { CopyButton } from "./CopyButton";
import { showError } from "./toasts";

interface HiddenSecretProps {
  of: string;
  /** Asks the server, when somebody wants to see or to copy it. An empty text: this user is not shown it. */
  read: () => Promise<string>;
  onShown?: (value: string) => void;
}

/** A secret that is not in the page before somebody asks for it, and not any more when it is hidden again. */
export function HiddenSecret({ of, read, onShown }: HiddenSecretProps) {
  const { t } = useWords();
  const { data: session } = useSession();
  const [value, setValue] = useState<string | null>(null);
  const [isReading, setIsReading] = useState(false);
  if (session?.seesSecrets === false || value === "") return t("common.secretHidden");
  const show = async () => {
    setIsReading(true);
    try {
      const found = await read();
      setValue(found);
      onShown?.(found);
    } catch (error) {
      showError(asCallError(error));
    }
    setIsReading(false);
  };
  const Icon = value === null ? IconEye : IconEyeOff;
  return (
    <Group component="span" gap={6} display="inline-flex">
      <Text component="span" ff="monospace" size="sm" style={{ overflowWrap: "anywhere" }} aria-live="polite">
        {value ?? <span aria-hidden>{"•".repeat(12)}</span>}
      </Text>
      <CopyButton value={value ?? read} of={of} />
      <Button
        variant="default"
        size="compact-xs"
        leftSection={<Icon size={14} aria-hidden />}
        loading={isReading}
        onClick={() => (value === null ? void show() : setValue(null))}
      >
        {t(value === null ? "common.showSecret" : "common.hideSecret")}
      </Button>
    </Group>
  );
}
