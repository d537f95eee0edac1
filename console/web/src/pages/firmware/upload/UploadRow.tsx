import { Button, Group, Paper, Progress, Stack, Text } from "@mantine/core";
import { IconCheck, IconFile } from "@tabler/icons-react";
import { CopyButton } from "~/parts/CopyButton";
import { ErrorNote } from "~/parts/ErrorNote";
import { useWords } from "~/words/useWords";
import { endingOf, keepsEnding } from "./guess";
import { paceOf } from "./transfer";
import type { Upload } from "./useUploads";

interface UploadRowProps {
  upload: Upload;
  onRemove: () => void;
  onRetry: () => void;
}

/** One file on its way: how far, how fast, for how long still; then what it is. */
export function UploadRow({ upload, onRemove, onRetry }: UploadRowProps) {
  const { t } = useWords();
  const { file, state, digests, error } = upload;
  return (
    <Paper withBorder p="md" component="li" aria-label={file.name}>
      <Group justify="space-between" wrap="nowrap" gap="xs" align="flex-start">
        <Group gap="xs" wrap="nowrap" miw={0}>
          {state === "stored" ? <IconCheck size={18} aria-hidden /> : <IconFile size={18} stroke={1.6} aria-hidden />}
          <Text fw={600} style={{ overflowWrap: "anywhere" }}>
            {file.name}
          </Text>
        </Group>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={onRemove} miw="max-content">
          {t(state === "stored" || state === "failed" ? "firmware.removeFile" : "common.cancel")}
        </Button>
      </Group>
      {state === "failed" ? (
        <Stack mt="xs">
          <ErrorNote error={error} onRetry={onRetry} />
        </Stack>
      ) : (
        <OnItsWay upload={upload} />
      )}
      {!keepsEnding(file.name) && (
        <Text size="xs" c="dimmed" mt={6}>
          {t("firmware.keptAs", { ending: endingOf(file.name) })}
        </Text>
      )}
      {digests && (
        <Stack gap={2} mt={8}>
          <Digest name="SHA-256" value={digests.sha256} />
          <Digest name="MD5" value={digests.md5} />
        </Stack>
      )}
    </Paper>
  );
}

function OnItsWay({ upload }: { upload: Upload }) {
  const { t, format } = useWords();
  const { file, state, sentBytes, startedMs } = upload;
  const percent = file.size === 0 ? 0 : Math.floor((sentBytes / file.size) * 100);
  const pace = state === "sending" ? paceOf(sentBytes, file.size, Date.now() - startedMs) : null;
  const done = t("firmware.sent", { sent: format.bytes(sentBytes), size: format.bytes(file.size) });
  const speed = pace && t("firmware.pace", { speed: format.bytes(pace.bytesPerS), left: format.duration(pace.leftMs) });
  const words = {
    waiting: t("firmware.queued", { size: format.bytes(file.size) }),
    sending: percent === 100 ? t("firmware.checking") : [done, speed].filter(Boolean).join(" · "),
    broken: t("firmware.broken"),
    stored: t("firmware.stored", { size: format.bytes(file.size) }),
    failed: "",
  }[state];
  return (
    <>
      <Progress
        value={percent}
        mt="xs"
        size="md"
        color={state === "stored" ? "marsh" : state === "broken" ? "sand" : undefined}
        aria-label={t("firmware.progressOf", { name: file.name })}
      />
      <Text size="sm" c="dimmed" mt={6}>
        {words}
      </Text>
    </>
  );
}

/** The whole digest, which somebody may want to compare by eye. */
export function Digest({ name, value }: { name: string; value: string }) {
  return (
    <Group gap={6} wrap="nowrap" align="flex-start">
      <Text size="xs" c="dimmed" miw={58}>
        {name}
      </Text>
      <Text size="xs" ff="monospace" style={{ overflowWrap: "anywhere" }}>
        {value}
      </Text>
      <CopyButton value={value} of={name} />
    </Group>
  );
}
