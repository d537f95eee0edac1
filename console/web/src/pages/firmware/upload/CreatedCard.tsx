import { Alert, Button, Code, Group, List, Stack, Text } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import { Link } from "react-router";
import { useCall, useMay } from "~/api/hooks";
import { ErrorNote } from "~/parts/ErrorNote";
import { useWords } from "~/words/useWords";
import type { Draft } from "./draft";
import type { Upload } from "./useUploads";

interface Created {
  firmwareId: string;
  draft: Draft;
  uploads: Upload[];
}

/** What became of the files: the server's own digests beside those that this browser read from the disk. */
export function CreatedCard({ created, onAgain }: { created: Created; onAgain: () => void }) {
  const { t } = useWords();
  const may = useMay();
  const { firmwareId, draft, uploads } = created;
  const stored = useCall("QueryOTAFirmware", { FirmwareId: firmwareId });
  if (stored.error) return <ErrorNote error={stored.error} onRetry={() => void stored.refetch()} />;
  const info = stored.data?.firmwareInfo;
  const signs = info?.multiFiles?.map((file) => file.signValue) ?? [info?.firmwareSign ?? ""];
  const read = uploads.map(({ digests }) => (draft.signMethod === "MD5" ? digests?.md5 : digests?.sha256));
  const isSame = info !== undefined && signs.every((sign, index) => sign === read[index]);
  return (
    <Alert
      color={isSame || !info ? "marsh" : "clay"}
      icon={<IconShieldCheck aria-hidden />}
      title={t("firmware.created", { version: draft.version })}
      role="status"
    >
      <Stack gap="sm">
        {info && <Text size="sm">{t(isSame ? "firmware.hashesEqual" : "firmware.hashesDiffer")}</Text>}
        {info && (
          <List size="sm" spacing={2}>
            {signs.map((sign, index) => (
              <List.Item key={uploads[index]?.id}>
                {uploads[index]?.file.name} <Code style={{ overflowWrap: "anywhere" }}>{sign}</Code>
              </List.Item>
            ))}
          </List>
        )}
        <Text size="sm">{t(draft.needToVerify ? "firmware.thenVerify" : "firmware.thenRollOut")}</Text>
        <Group gap="xs">
          <Button component={Link} to={`/firmware/${firmwareId}`} variant={draft.needToVerify ? "filled" : "default"}>
            {t("firmware.toFirmware")}
          </Button>
          {!draft.needToVerify && may("CreateOTAStaticUpgradeJob") && (
            <Button component={Link} to={`/rollouts/new?firmware=${firmwareId}`}>
              {t("firmware.rollOut")}
            </Button>
          )}
          <Button variant="subtle" onClick={onAgain}>
            {t("firmware.another")}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
