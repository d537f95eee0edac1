import { Anchor, Divider, Group, Stack, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { Bytes } from "~/parts/Bytes";
import { Section } from "~/parts/Section";
import { useWords } from "~/words/useWords";
import type { Firmware } from "../OneFirmwarePage";
import { Digest } from "../upload/UploadRow";

/** What devices download, and what they check it with. */
export function Files({ firmware }: { firmware: Firmware }) {
  const { t } = useWords();
  const method = firmware.signMethod === "MD5" ? "MD5" : "SHA-256";
  const files = firmware.multiFiles ?? [
    {
      name: t("firmware.onlyFile"),
      url: firmware.firmwareUrl ?? "",
      size: firmware.firmwareSize,
      fileMd5: "",
      signValue: firmware.firmwareSign,
    },
  ];
  return (
    <Section title={t("firmware.files")}>
      <Stack gap="sm">
        {files.map((file, index) => (
          <Stack key={file.name} gap={4}>
            {index > 0 && <Divider mb={4} />}
            <Group justify="space-between" gap="xs">
              <Text size="sm" fw={600}>
                {file.name}
              </Text>
              <Text size="sm" c="dimmed">
                <Bytes sizeBytes={file.size} />
              </Text>
            </Group>
            <Digest name={method} value={file.signValue} />
            {file.fileMd5 && method !== "MD5" && <Digest name="MD5" value={file.fileMd5} />}
            {file.url && (
              <Anchor
                href={pathOf(file.url)}
                size="sm"
                download
                aria-label={t("firmware.downloadOf", { name: file.name })}
              >
                <Group gap={4}>
                  <IconDownload size={15} aria-hidden />
                  {t("firmware.download")}
                </Group>
              </Anchor>
            )}
          </Stack>
        ))}
      </Stack>
    </Section>
  );
}

/** The link, at the server's root as this browser reached it. */
function pathOf(url: string): string {
  const token = url.slice(url.lastIndexOf("/f/") + 1);
  return `../${token}`;
}
