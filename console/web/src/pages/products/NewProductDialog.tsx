import { Button, Group, Modal, NativeSelect, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { useChange } from "~/api/hooks";
import { useWords } from "~/words/useWords";

/** A product to begin with; its page says how to connect the first device. */
export function NewProductDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useWords();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [nodeType, setNodeType] = useState("0");
  useEffect(() => {
    if (opened) setName("");
  }, [opened]);
  const create = useChange("CreateProduct", {
    isRepeatable: true,
    onDone: ({ productKey }) => navigate(`/products/${productKey}?tab=connect`),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({
      ProductName: name.trim(),
      NodeType: Number(nodeType) as 0 | 1,
      ...(description.trim() ? { Description: description.trim() } : {}),
    });
  };
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("products.new")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form onSubmit={submit}>
        <Stack gap="md">
          <TextInput
            label={t("products.name")}
            description={t("products.nameHint")}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            required
            maxLength={30}
            data-autofocus
          />
          <TextInput
            label={t("products.description")}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
            maxLength={100}
          />
          <NativeSelect
            label={t("products.nodeType")}
            value={nodeType}
            onChange={(event) => setNodeType(event.currentTarget.value)}
            data={[
              { value: "0", label: t("products.nodeDevice") },
              { value: "1", label: t("products.nodeGateway") },
            ]}
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t("common.cancel")}
            </Button>
            <Button type="submit" loading={create.isPending}>
              {t("products.create")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
