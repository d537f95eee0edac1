import { Alert, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { asCallError } from "~/api/errors";
import { ErrorNote } from "~/parts/ErrorNote";
import type { WordKey } from "~/words/catalogue";
import { useWords } from "~/words/useWords";

const KNOWN = [
  "WrongNameOrPassword",
  "WrongPassword",
  "TooManyAttempts",
  "LinkOver",
  "PasswordRefused",
  "UserNameRefused",
  "console.Unreachable",
] as const;
/** Their words say which rule it was. */
const EXPLAINED = ["PasswordRefused", "UserNameRefused"];

/** Why somebody was not let in, and what to do about it. */
export function SigningError({ error }: { error: unknown }) {
  const { t, format } = useWords();
  const { code, message, retryAfterS } = asCallError(error);
  const known = KNOWN.find((one) => one === code);
  if (known === undefined) return <ErrorNote error={error} />;
  const hint: WordKey = `signing.hint.${known}`;
  return (
    <Alert color="clay" icon={<IconAlertTriangle aria-hidden />} title={t(`signing.refused.${known}`)} role="alert">
      {EXPLAINED.includes(known) && (
        <Text size="sm" lang="en">
          {message}
        </Text>
      )}
      <Text size="sm">{t(hint, { wait: format.duration((retryAfterS ?? 0) * 1000) })}</Text>
    </Alert>
  );
}
