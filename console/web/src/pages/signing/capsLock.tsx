import { Text } from "@mantine/core";
import { type KeyboardEvent, useState } from "react";
import { useWords } from "~/words/useWords";

/** Whether capitals are locked, as far as the last key said. */
export function useCapsLock() {
  const [isOn, setIsOn] = useState(false);
  const look = (event: KeyboardEvent) => setIsOn(event.getModifierState("CapsLock"));
  return { isOn, handlers: { onKeyDown: look, onKeyUp: look } };
}

export function CapsLockHint() {
  const { t } = useWords();
  return (
    <Text component="span" size="xs" fw={600} display="block" role="status">
      {t("signing.capsLock")}
    </Text>
  );
}
