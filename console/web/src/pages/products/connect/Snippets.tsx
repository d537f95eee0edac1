import { Button, Group, NativeSelect, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useChange, useMay, useSession } from "~/api/hooks";
import { Snippet } from "~/parts/Snippet";
import type { WordKey } from "~/words/catalogue";
import { useWords } from "~/words/useWords";
import { type Device, KINDS, type Kind, NEEDS_MQTT, NEEDS_TOKEN, snippetOf } from "./snippets";

interface SnippetsProps {
  device: Device;
  /** Null before there is a device that a token could be made for. */
  onToken: ((token: string) => void) | null;
}

/** Chosen by what runs on the device. */
export function Snippets({ device, onToken }: SnippetsProps) {
  const { t } = useWords();
  const may = useMay();
  const { data: session } = useSession();
  const [kind, setKind] = useState<Kind>("linkkit");
  const rotate = useChange("XRotateDeviceToken", { onDone: ({ data }) => onToken?.(data.deviceToken ?? "") });
  if (!session) return null;
  const name = (one: Kind) => t(`products.kind.${one}` as WordKey);
  const lacksMqtt = session.server.mqtt === null && NEEDS_MQTT.includes(kind);
  const wantsToken = NEEDS_TOKEN.includes(kind) && onToken !== null && device.deviceToken === "";
  return (
    <Stack gap="sm">
      <NativeSelect
        label={t("products.kind")}
        value={kind}
        onChange={(event) => setKind(KINDS.find((one) => one === event.currentTarget.value) ?? "linkkit")}
        data={KINDS.map((one) => ({ value: one, label: name(one) }))}
        maw={420}
      />
      {lacksMqtt && <Text size="sm">{t("products.noMqtt")}</Text>}
      {wantsToken && may("XRotateDeviceToken") && (
        <Group gap="sm">
          <Button
            size="xs"
            variant="default"
            loading={rotate.isPending}
            onClick={() => rotate.mutate({ ProductKey: device.productKey, DeviceName: device.deviceName })}
          >
            {t("products.makeToken")}
          </Button>
          <Text size="sm" c="dimmed">
            {t("products.makeTokenHint")}
          </Text>
        </Group>
      )}
      <Snippet code={snippetOf(kind, session.server, device)} label={name(kind)} />
    </Stack>
  );
}
