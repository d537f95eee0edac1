import { Select, Text, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "~/api/client";
import type { CallError } from "~/api/errors";
import { showDone, showError } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import { useProductChoices } from "../devices/parts/choices";
import { FormDialog } from "../devices/parts/FormDialog";
import { inPieces, namesIn } from "../devices/parts/names";

const DEVICES_OF_CALL = 200;

/** Puts devices into a group by their names, typed or pasted. */
export function AddMembersDialog({ groupId, onClose }: { groupId: string; onClose: () => void }) {
  const { t } = useWords();
  const client = useQueryClient();
  const products = useProductChoices();
  const [product, setProduct] = useState("");
  const [text, setText] = useState("");
  const names = namesIn(text);
  const add = useMutation<{ added: number; unknown: number }, CallError>({
    mutationFn: async () => {
      let [added, valid] = [0, 0];
      for (const piece of inPieces(names, DEVICES_OF_CALL)) {
        const Device = piece.map((name) => ({ ProductKey: product, DeviceName: name }));
        const answer = await call("BatchAddDeviceGroupRelations", { GroupId: groupId, Device });
        added += answer.successAddedDeviceCount;
        valid += answer.validDeviceCount;
      }
      return { added, unknown: names.length - valid };
    },
    onSuccess: ({ added, unknown }) => {
      showDone(t(unknown > 0 ? "groups.addedSome" : "groups.added", { count: added, unknown }));
      onClose();
    },
    onError: showError,
    onSettled: () => client.invalidateQueries({ queryKey: ["call"] }),
  });
  return (
    <FormDialog
      opened
      onClose={onClose}
      onSubmit={() => add.mutate()}
      title={t("groups.addDevices")}
      submitLabel={t("groups.addCount", { count: names.length })}
      isReady={product !== "" && names.length > 0}
      isPending={add.isPending}
    >
      <Text size="sm" c="dimmed">
        {t("groups.addHint")}
      </Text>
      <Select
        label={t("groups.product")}
        data={products}
        value={product || null}
        onChange={(value) => setProduct(value ?? "")}
        searchable
        required
        openOnFocus={false}
        data-autofocus
      />
      <Textarea
        label={t("groups.names")}
        placeholder={"lamp-0001\nlamp-0002"}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        rows={6}
        spellCheck={false}
        required
      />
    </FormDialog>
  );
}
