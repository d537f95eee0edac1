import { Button, Group, Stack, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import { callForSecrets } from "~/api/client";
import { useChange, useMay } from "~/api/hooks";
import { ConfirmTyped } from "~/parts/ConfirmTyped";
import { FactList } from "~/parts/FactList";
import { HiddenSecret } from "~/parts/HiddenSecret";
import { Snippet } from "~/parts/Snippet";
import { useWords } from "~/words/useWords";
import { type Named, wireOf } from "../parts/names";
import { Card } from "./Card";

/** What the device proves itself with: asked for when somebody wants to see it, and only for who may change it. */
export function Credentials({ device }: { device: Named }) {
  const { t } = useWords();
  const may = useMay();
  const [isAsking, setIsAsking] = useState(false);
  const read = async () => (await callForSecrets("QueryDeviceInfo", wireOf(device))).data.deviceSecret;
  const rotate = useChange("XRotateDeviceToken", { onDone: () => setIsAsking(false) });
  if (!may("XRotateDeviceToken")) return null;
  const token = rotate.data?.data.deviceToken;
  return (
    <Card title={t("devices.credentials")}>
      <Stack gap="sm">
        <FactList
          label={t("devices.credentials")}
          facts={[[t("devices.secret"), <HiddenSecret key="secret" of={t("devices.secret")} read={read} />]]}
        />
        <Group gap="xs">
          <Button
            variant="default"
            size="xs"
            leftSection={<IconRefresh size={16} aria-hidden />}
            onClick={() => setIsAsking(true)}
          >
            {t("devices.rotate")}
          </Button>
        </Group>
        {token && (
          <>
            <Text size="sm">{t("devices.tokenOnce")}</Text>
            <Snippet code={token} label={t("devices.token")} />
          </>
        )}
      </Stack>
      <ConfirmTyped
        opened={isAsking}
        onClose={() => setIsAsking(false)}
        onConfirm={() => rotate.mutate(wireOf(device))}
        title={t("devices.rotate")}
        word={device.deviceName}
        confirmLabel={t("devices.rotate")}
        isPending={rotate.isPending}
      >
        {t("devices.rotateHint")}
      </ConfirmTyped>
    </Card>
  );
}
