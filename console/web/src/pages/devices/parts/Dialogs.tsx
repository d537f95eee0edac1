import { Select, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "~/api/client";
import type { CallError } from "~/api/errors";
import { useChange } from "~/api/hooks";
import { ConfirmTyped } from "~/parts/ConfirmTyped";
import { showDone, showError } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import { useGroupChoices } from "./choices";
import { FormDialog } from "./FormDialog";
import { type Named, wireOf } from "./names";

/** What is asked about, and for which devices. */
export interface Asked {
  what: "delete" | "group" | "tag" | "nickname";
  devices: Named[];
  nickname?: string;
}

interface DialogProps {
  asked: Asked;
  onClose: () => void;
  onDeleted?: () => void;
}

/** The dialog of what was asked; none for null. */
export function Dialogs({ asked, onClose, onDeleted }: Omit<DialogProps, "asked"> & { asked: Asked | null }) {
  if (asked === null) return null;
  if (asked.what === "group") return <GroupDialog asked={asked} onClose={onClose} />;
  if (asked.what === "tag") return <TagDialog asked={asked} onClose={onClose} />;
  if (asked.what === "nickname") return <NicknameDialog asked={asked} onClose={onClose} />;
  return <DeleteDialog asked={asked} onClose={onClose} onDeleted={onDeleted} />;
}

function GroupDialog({ asked, onClose }: DialogProps) {
  const { t } = useWords();
  const [groupId, setGroupId] = useState<string | null>(null);
  const groups = useGroupChoices("static");
  const add = useChange("BatchAddDeviceGroupRelations", {
    onDone: (answer) => {
      showDone(t("devices.addedToGroup", { count: answer.successAddedDeviceCount }));
      onClose();
    },
  });
  return (
    <FormDialog
      opened
      onClose={onClose}
      onSubmit={() => groupId && add.mutate({ GroupId: groupId, Device: asked.devices.map(wireOf) })}
      title={t("devices.addToGroupTitle", { count: asked.devices.length })}
      submitLabel={t("devices.add")}
      isReady={groupId !== null}
      isPending={add.isPending}
    >
      <Select
        label={t("devices.group")}
        description={t("devices.groupStatic")}
        data={groups}
        value={groupId}
        onChange={setGroupId}
        nothingFoundMessage={t("common.nothing")}
        searchable
        required
        openOnFocus={false}
        data-autofocus
      />
    </FormDialog>
  );
}

function TagDialog({ asked, onClose }: DialogProps) {
  const { t } = useWords();
  const client = useQueryClient();
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const save = useMutation<number, CallError>({
    // The operation is one device's; they are few, and what is done stays done.
    mutationFn: async () => {
      const props = JSON.stringify({ [key.trim()]: value.trim() });
      for (const device of asked.devices) await call("SaveDeviceProp", { ...wireOf(device), Props: props });
      return asked.devices.length;
    },
    onSuccess: (count) => {
      showDone(t("devices.tagged", { count }));
      onClose();
    },
    onError: showError,
    onSettled: () => client.invalidateQueries({ queryKey: ["call"] }),
  });
  return (
    <FormDialog
      opened
      onClose={onClose}
      onSubmit={() => save.mutate()}
      title={t("devices.tagTitle", { count: asked.devices.length })}
      submitLabel={t("common.save")}
      isReady={key.trim() !== "" && value.trim() !== ""}
      isPending={save.isPending}
    >
      <TextInput
        label={t("devices.tagKey")}
        value={key}
        onChange={(event) => setKey(event.currentTarget.value)}
        maxLength={32}
        required
        data-autofocus
      />
      <TextInput
        label={t("devices.tagValue")}
        value={value}
        onChange={(event) => setValue(event.currentTarget.value)}
        maxLength={128}
        required
      />
    </FormDialog>
  );
}

function NicknameDialog({ asked, onClose }: DialogProps) {
  const { t } = useWords();
  const [nickname, setNickname] = useState(asked.nickname ?? "");
  const save = useChange("BatchUpdateDeviceNickname", {
    onDone: () => {
      showDone(t("devices.nicknameSaved"));
      onClose();
    },
  });
  const given = nickname.trim() === "" ? {} : { Nickname: nickname.trim() };
  return (
    <FormDialog
      opened
      onClose={onClose}
      onSubmit={() =>
        save.mutate({ DeviceNicknameInfo: asked.devices.map((device) => ({ ...wireOf(device), ...given })) })
      }
      title={t("devices.setNickname")}
      submitLabel={t("common.save")}
      isPending={save.isPending}
    >
      <TextInput
        label={t("devices.nickname")}
        description={t("devices.nicknameHint")}
        value={nickname}
        onChange={(event) => setNickname(event.currentTarget.value)}
        data-autofocus
      />
    </FormDialog>
  );
}

function DeleteDialog({ asked, onClose, onDeleted }: DialogProps) {
  const { t } = useWords();
  const [device] = asked.devices;
  const remove = useChange("DeleteDevice", {
    onDone: () => {
      showDone(t("devices.deleted", { name: device?.deviceName ?? "" }));
      onClose();
      onDeleted?.();
    },
  });
  if (device === undefined) return null;
  return (
    <ConfirmTyped
      opened
      onClose={onClose}
      onConfirm={() => remove.mutate(wireOf(device))}
      title={t("devices.deleteTitle")}
      word={device.deviceName}
      confirmLabel={t("devices.delete")}
      isPending={remove.isPending}
    >
      <Text size="sm">{t("devices.deleteHint")}</Text>
    </ConfirmTyped>
  );
}
