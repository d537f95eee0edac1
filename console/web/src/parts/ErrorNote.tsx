import { Alert, Button, Code, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { asCallError, type CallError, isGone } from "~/api/errors";
import { useWords } from "~/words/useWords";

/**
 * Why something is not shown: the contract's words and code, and the request for whoever reads the log. What is gone is
 * not there after another try either.
 */
export function ErrorNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useWords();
  const shown = asCallError(error);
  const { code, requestId } = shown;
  const gone = isGone(shown);
  return (
    <Alert
      color="clay"
      icon={<IconAlertTriangle aria-hidden />}
      title={t(gone ? "common.missingHint" : "common.failed")}
      role="alert"
    >
      <Stack gap="xs" align="flex-start">
        <Text size="sm">
          <ErrorWords error={shown} />
        </Text>
        <Group gap="xs">
          <Code>{code}</Code>
          {requestId !== "" && (
            <Text size="xs" c="dimmed">
              {t("common.request", { id: requestId })}
            </Text>
          )}
        </Group>
        {onRetry && !gone && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t("common.retry")}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/** The contract's words; in the reader's language what never reached the contract. */
export function ErrorWords({ error }: { error: CallError }) {
  return <>{useWords().maybe(`errors.${error.code}`, error.message)}</>;
}
