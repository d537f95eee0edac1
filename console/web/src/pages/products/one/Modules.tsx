import { Anchor, Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { Link } from "react-router";
import { useCall, useChange, useMay } from "~/api/hooks";
import type { Answer } from "~/api/types";
import { ConfirmTyped } from "~/parts/ConfirmTyped";
import { type Column, DataTable } from "~/parts/DataTable";
import { Section } from "~/parts/Section";
import { useWords, type Words } from "~/words/useWords";

type Module = Answer<"ListOTAModuleByProduct">["data"][number];
const NEW = { moduleName: "", aliasName: "", desc: "" };
type Edited = typeof NEW;

/** The parts of a device that have firmware of their own. */
export function Modules({ productKey }: { productKey: string }) {
  const { t } = useWords();
  const may = useMay();
  const [edited, setEdited] = useState<Edited | null>(null);
  const [doomed, setDoomed] = useState("");
  const list = useCall("ListOTAModuleByProduct", { ProductKey: productKey });
  const remove = useChange("DeleteOTAModule", { onDone: () => setDoomed("") });
  const isChangeable = may("UpdateOTAModule");
  const handlers = isChangeable ? { onEdit: setEdited, onDelete: setDoomed } : null;
  const columns = columnsOf(t, productKey, handlers).filter(
    ({ key }) => key !== "firmware" || may("CreateOTAFirmware"),
  );
  return (
    <Section
      title={t("products.modules")}
      hint={t("products.modulesHint")}
      actions={
        may("CreateOTAModule") && (
          <Button size="xs" variant="default" onClick={() => setEdited(NEW)}>
            {t("products.newModule")}
          </Button>
        )
      }
    >
      <DataTable
        label={t("products.modules")}
        columns={columns}
        rows={list.data?.data}
        rowKey={(row) => row.moduleName}
        error={list.error}
        onRetry={() => void list.refetch()}
      />
      <ModuleDialog productKey={productKey} edited={edited} onClose={() => setEdited(null)} />
      <ConfirmTyped
        opened={doomed !== ""}
        onClose={() => setDoomed("")}
        onConfirm={() => remove.mutate({ ProductKey: productKey, ModuleName: doomed })}
        title={t("products.deleteModule")}
        word={doomed}
        confirmLabel={t("common.delete")}
        isPending={remove.isPending}
      >
        {t("products.deleteModuleHint")}
      </ConfirmTyped>
    </Section>
  );
}

interface Handlers {
  onEdit: (module: Edited) => void;
  onDelete: (name: string) => void;
}

function columnsOf(t: Words["t"], productKey: string, handlers: Handlers | null): Column<Module>[] {
  return [
    { key: "name", title: t("products.module"), cell: (row) => row.moduleName },
    { key: "alias", title: t("products.alias"), cell: (row) => row.aliasName },
    { key: "desc", title: t("products.description"), cell: (row) => row.desc },
    {
      key: "firmware",
      title: t("products.newFirmware"),
      cell: (row) => (
        <Anchor component={Link} to={`/firmware/new?product=${productKey}&module=${row.moduleName}`} size="sm">
          {t("products.toUpload")}
        </Anchor>
      ),
      isWide: true,
    },
    {
      key: "do",
      title: t("products.edit"),
      isAction: true,
      cell: (row) =>
        handlers !== null &&
        row.moduleName !== "default" && (
          <Group gap={4} justify="flex-end" wrap="nowrap">
            <Button size="compact-sm" variant="subtle" onClick={() => handlers.onEdit(row)}>
              {t("products.edit")}
            </Button>
            <Button size="compact-sm" variant="subtle" color="clay" onClick={() => handlers.onDelete(row.moduleName)}>
              {t("common.delete")}
            </Button>
          </Group>
        ),
    },
  ];
}

interface ModuleDialogProps {
  productKey: string;
  edited: Edited | null;
  onClose: () => void;
}

function ModuleDialog({ productKey, edited, onClose }: ModuleDialogProps) {
  const { t } = useWords();
  const [form, setForm] = useState(NEW);
  useEffect(() => {
    if (edited) setForm({ moduleName: edited.moduleName, aliasName: edited.aliasName, desc: edited.desc });
  }, [edited]);
  const create = useChange("CreateOTAModule", { onDone: onClose });
  const update = useChange("UpdateOTAModule", { onDone: onClose });
  const isNew = edited === null || edited.moduleName === "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    (isNew ? create : update).mutate({
      ProductKey: productKey,
      ModuleName: form.moduleName.trim(),
      ...(form.aliasName.trim() ? { AliasName: form.aliasName.trim() } : {}),
      ...(form.desc.trim() ? { Desc: form.desc.trim() } : {}),
    });
  };
  const field = (key: keyof Edited, label: string, isFixed = false) => (
    <TextInput
      label={label}
      value={form[key]}
      disabled={isFixed}
      required={key === "moduleName"}
      onChange={(event) => setForm({ ...form, [key]: event.currentTarget.value })}
    />
  );
  return (
    <Modal
      opened={edited !== null}
      onClose={onClose}
      title={t(isNew ? "products.newModule" : "products.editModule")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form onSubmit={submit}>
        <Stack gap="md">
          {field("moduleName", t("products.module"), !isNew)}
          {field("aliasName", t("products.alias"))}
          {field("desc", t("products.description"))}
          <Group justify="flex-end">
            <Button type="submit" loading={create.isPending || update.isPending}>
              {t("common.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
