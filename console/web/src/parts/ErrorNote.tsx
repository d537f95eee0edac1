import { Alert, Button, Code, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { asCallError } from "~/api/errors";
import { useWords } from "~/words/useWords";

/** Why something is not shown: the contract's words and code, and the request for whoever reads the log. */
export function ErrorNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useWords();
  const { message, code, requestId } = asCallError(error);
  return (
    <Alert color="clay" icon={<IconAlertTriangle aria-hidden />} title={t("common.failed")} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{message}</Text>
        <Group gap="xs">
          <Code>{code}</Code>
          {requestId !== "" && (
            <Text size="xs" c="dimmed">
              {t("common.request", { id: requestId })}
            </Text>
          )}
        </Group>
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t("common.retry")}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
