import { Button, Group, Modal, Stack, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { useChange } from "~/api/hooks";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import type { Firmware } from "../OneFirmwarePage";

/** Name, description and the text for devices: files and versions never change. */
export function EditDialog({
  firmware,
  opened,
  onClose,
}: {
  firmware: Firmware;
  opened: boolean;
  onClose: () => void;
}) {
  const { t } = useWords();
  const { firmwareName, firmwareDesc } = firmware;
  const [name, setName] = useState(firmwareName);
  const [description, setDescription] = useState(firmwareDesc);
  useEffect(() => {
    if (!opened) return;
    setName(firmwareName);
    setDescription(firmwareDesc);
  }, [opened, firmwareName, firmwareDesc]);
  const modify = useChange("ModifyOTAFirmware", {
    onDone: () => {
      showDone(t("firmware.saved"));
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    modify.mutate({
      FirmwareId: firmware.firmwareId,
      ...(name.trim() === firmwareName ? {} : { FirmwareName: name.trim() }),
      FirmwareDesc: description,
    });
  };
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("firmware.edit")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form onSubmit={submit}>
        <Stack gap="md">
          <TextInput
            label={t("firmware.name")}
            value={name}
            maxLength={40}
            required
            data-autofocus
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Textarea
            label={t("firmware.description")}
            value={description}
            maxLength={100}
            onChange={(event) => setDescription(event.currentTarget.value.replace(/\s+/g, " "))}
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t("common.cancel")}
            </Button>
            <Button type="submit" loading={modify.isPending}>
              {t("common.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
