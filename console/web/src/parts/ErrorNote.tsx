import { Alert, Button, Code, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { asCallError, isGone } from "~/api/errors";
import { useWords } from "~/words/useWords";

/**
 * Why something is not shown: the contract's words and code, and the request for whoever reads the log. In the reader's
 * own words what never reached the contract, and what is gone: there is no use in trying that again.
 */
export function ErrorNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t, maybe } = useWords();
  const shown = asCallError(error);
  const { message, code, requestId } = shown;
  const gone = isGone(shown);
  return (
    <Alert
      color="clay"
      icon={<IconAlertTriangle aria-hidden />}
      title={t(gone ? "common.missingHint" : "common.failed")}
      role="alert"
    >
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{maybe(`errors.${code}`, message)}</Text>
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
