import { notifications } from "@mantine/notifications";
import type { CallError } from "~/api/errors";
import { ErrorWords } from "./ErrorNote";

const SHOWN_MS = 5_000;

/** What a change came to. */
export function showDone(message: string): void {
  notifications.show({ message, color: "marsh", autoClose: SHOWN_MS });
}

/** A refusal; stays until it is read, for it names the code and the request. */
export function showError(error: CallError): void {
  const trace = [error.code, error.requestId].filter((part) => part !== "").join(" · ");
  notifications.show({
    title: <ErrorWords error={error} />,
    message: trace,
    color: "clay",
    autoClose: false,
    role: "alert",
  });
}
