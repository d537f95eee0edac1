import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { useChange } from "~/api/hooks";
import { ConfirmTyped } from "~/parts/ConfirmTyped";
import { ErrorNote } from "~/parts/ErrorNote";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import type { Product } from "../ProductPage";

interface DialogProps {
  product: Product;
  opened: boolean;
  onClose: () => void;
}

export function EditProduct({ product, opened, onClose }: DialogProps) {
  const { t } = useWords();
  const [name, setName] = useState(product.productName);
  const [description, setDescription] = useState(product.description);
  useEffect(() => {
    if (!opened) return;
    setName(product.productName);
    setDescription(product.description);
  }, [opened, product.productName, product.description]);
  const update = useChange("UpdateProduct", { onDone: onClose });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    update.mutate({
      ProductKey: product.productKey,
      ProductName: name.trim(),
      ...(description.trim() ? { Description: description.trim() } : {}),
    });
  };
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("products.edit")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form onSubmit={submit}>
        <Stack gap="md">
          <TextInput
            label={t("products.name")}
            description={t("products.nameHint")}
            value={name}
            required
            maxLength={30}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            label={t("products.description")}
            value={description}
            maxLength={100}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={update.isPending}>
              {t("common.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

export function DeleteProduct({ product, opened, onClose }: DialogProps) {
  const { t } = useWords();
  const navigate = useNavigate();
  const remove = useChange("DeleteProduct", {
    isQuiet: true,
    onDone: () => {
      showDone(t("products.deleted", { name: product.productName }));
      navigate("/products");
    },
  });
  const close = () => {
    remove.reset();
    onClose();
  };
  return (
    <ConfirmTyped
      opened={opened}
      onClose={close}
      onConfirm={() => remove.mutate({ ProductKey: product.productKey })}
      title={t("products.deleteTitle")}
      word={product.productName}
      confirmLabel={t("common.delete")}
      isPending={remove.isPending}
    >
      <Stack gap="sm">
        <span>{t("products.deleteHint")}</span>
        {remove.error && <ErrorNote error={remove.error} />}
      </Stack>
    </ConfirmTyped>
  );
}
