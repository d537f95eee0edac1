import { Button, Checkbox, Group, Modal, ScrollArea, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { useCall, useChange } from "~/api/hooks";
import { ErrorNote } from "~/parts/ErrorNote";
import { StatusBadge } from "~/parts/StatusBadge";
import { useWords } from "~/words/useWords";
import type { Firmware } from "../OneFirmwarePage";

const DEVICES_MAX = 10; // of a verify job (api-contract 10.1)
const FOUND_MAX = 20;
const TYPING_MS = 300;

/** Which devices try it first. Those that are connected are offered first. */
export function VerifyDialog({
  firmware,
  opened,
  onClose,
}: {
  firmware: Firmware;
  opened: boolean;
  onClose: () => void;
}) {
  const { t } = useWords();
  const [chosen, setChosen] = useState<string[]>([]);
  useEffect(() => {
    if (opened) setChosen([]);
  }, [opened]);
  const verify = useChange("CreateOTAVerifyJob", { isQuiet: true, isRepeatable: true, onDone: onClose });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { firmwareId, productKey } = firmware;
    verify.mutate({ FirmwareId: firmwareId, ProductKey: productKey, TargetDeviceName: chosen });
  };
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("firmware.verifyTitle", { version: firmware.destVersion })}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Text size="sm">{t("firmware.verifyHint")}</Text>
          {opened && <Choice productKey={firmware.productKey} chosen={chosen} onChoose={setChosen} />}
          {verify.error && <ErrorNote error={verify.error} />}
          <Group justify="space-between">
            <Text size="sm" c="dimmed" role="status">
              {t("firmware.chosen", { count: chosen.length, most: DEVICES_MAX })}
            </Text>
            <Button type="submit" loading={verify.isPending} disabled={chosen.length === 0}>
              {t("firmware.verify")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

interface ChoiceProps {
  productKey: string;
  chosen: string[];
  onChoose: (names: string[]) => void;
}

function Choice({ productKey, chosen, onChoose }: ChoiceProps) {
  const { t } = useWords();
  const [typed, setTyped] = useState("");
  const [text, setText] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setText(typed.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const parameters = { ProductKey: productKey, PageSize: FOUND_MAX, ...(text ? { Text: text } : {}) };
  const online = useCall("XListDevices", { ...parameters, State: "ONLINE" }, { keepPrevious: true });
  const any = useCall("XListDevices", parameters, { keepPrevious: true });
  const rows = [...(online.data?.data.devices ?? []), ...(any.data?.data.devices ?? [])];
  const found = [...new Map(rows.map((row) => [row.deviceName, row])).values()].slice(0, FOUND_MAX);
  const hidden = chosen.filter((name) => !found.some((row) => row.deviceName === name));
  return (
    <>
      <TextInput
        label={t("firmware.findDevices")}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        data-autofocus
      />
      <Checkbox.Group value={chosen} onChange={onChoose} aria-label={t("firmware.testDevices")}>
        <ScrollArea.Autosize mah={280} type="auto">
          <Stack gap={6} py={4}>
            {found.map((row) => (
              <Group key={row.deviceName} justify="space-between" wrap="nowrap" pr="sm">
                <Checkbox
                  value={row.deviceName}
                  label={row.deviceName}
                  disabled={chosen.length >= DEVICES_MAX && !chosen.includes(row.deviceName)}
                />
                <StatusBadge kind="device" status={row.state} />
              </Group>
            ))}
            {any.data && found.length === 0 && (
              <Text size="sm" c="dimmed">
                {t("firmware.noDevices")}
              </Text>
            )}
          </Stack>
        </ScrollArea.Autosize>
      </Checkbox.Group>
      {any.error && <ErrorNote error={any.error} />}
      {hidden.length > 0 && <Text size="sm">{t("firmware.alsoChosen", { names: hidden.join(", ") })}</Text>}
    </>
  );
}
