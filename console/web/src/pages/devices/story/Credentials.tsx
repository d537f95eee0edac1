import { Button, Group, Stack, Text } from "@mantine/core";
import { IconEye, IconEyeOff, IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import { useCall, useChange, useMay } from "~/api/hooks";
import { ConfirmTyped } from "~/parts/ConfirmTyped";
import { ErrorNote } from "~/parts/ErrorNote";
import { Snippet } from "~/parts/Snippet";
import { useWords } from "~/words/useWords";
import { type Named, wireOf } from "../parts/names";
import { Card } from "./Card";

/** What the device proves itself with: asked for when somebody wants to see it, and only for who may change it. */
export function Credentials({ device }: { device: Named }) {
  const { t } = useWords();
  const may = useMay();
  const [isShown, setIsShown] = useState(false);
  const [isAsking, setIsAsking] = useState(false);
  const info = useCall("QueryDeviceInfo", wireOf(device), { enabled: isShown });
  const rotate = useChange("XRotateDeviceToken", { onDone: () => setIsAsking(false) });
  if (!may("XRotateDeviceToken")) return null;
  const token = rotate.data?.data.deviceToken;
  return (
    <Card title={t("devices.credentials")}>
      <Stack gap="sm">
        <Group gap="xs">
          <Button
            variant="default"
            size="xs"
            leftSection={isShown ? <IconEyeOff size={16} aria-hidden /> : <IconEye size={16} aria-hidden />}
            onClick={() => setIsShown(!isShown)}
            aria-expanded={isShown}
          >
            {isShown ? t("devices.hideSecret") : t("devices.showSecret")}
          </Button>
          <Button
            variant="default"
            size="xs"
            leftSection={<IconRefresh size={16} aria-hidden />}
            onClick={() => setIsAsking(true)}
          >
            {t("devices.rotate")}
          </Button>
        </Group>
        {isShown && info.error && <ErrorNote error={info.error} />}
        {isShown && info.data && <Snippet code={info.data.data.deviceSecret} label={t("devices.secret")} />}
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
