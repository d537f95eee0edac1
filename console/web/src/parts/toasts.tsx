import { VisuallyHidden } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconX } from "@tabler/icons-react";
import type { CallError } from "~/api/errors";
import { useWords } from "~/words/useWords";
import { ErrorWords } from "./ErrorNote";

const SHOWN_MS = 5_000;
const closeButtonProps = { icon: <Close /> };

/** What a change came to. */
export function showDone(message: string): void {
  notifications.show({ message, color: "marsh", autoClose: SHOWN_MS, closeButtonProps });
}

/** A refusal; stays until it is read, for it names the code and the request. */
export function showError(error: CallError): void {
  const trace = [error.code, error.requestId].filter((part) => part !== "").join(" · ");
  const title = <ErrorWords error={error} />;
  notifications.show({ title, message: trace, color: "clay", autoClose: false, role: "alert", closeButtonProps });
}

/** The button has its words here: whoever shows a message has no language at hand. */
function Close() {
  return (
    <>
      <IconX size={16} aria-hidden />
      <VisuallyHidden>{useWords().t("common.close")}</VisuallyHidden>
    </>
  );
}
