import { NativeSelect, SimpleGrid, Stack, Switch, Textarea, TextInput } from "@mantine/core";
import { useCall } from "~/api/hooks";
import { useProducts } from "~/pages/products/useProducts";
import { useWords } from "~/words/useWords";
import type { Draft } from "./draft";

interface DraftFormProps {
  draft: Draft;
  onChange: (change: Partial<Draft>) => void;
}

/** What the files are: for which product, as which version, and how devices will take it. */
export function DraftForm({ draft, onChange }: DraftFormProps) {
  const { t } = useWords();
  const { products } = useProducts();
  const { productKey } = draft;
  const modules = useCall("ListOTAModuleByProduct", { ProductKey: productKey }, { enabled: productKey !== "" });
  const names = ["default", ...(modules.data?.data ?? []).map((one) => one.moduleName)];
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="md">
        <NativeSelect
          label={t("firmware.product")}
          required
          value={productKey}
          onChange={(event) => onChange({ productKey: event.currentTarget.value, moduleName: "default" })}
          data={[
            { value: "", label: t("firmware.choose") },
            ...(products ?? []).map((one) => ({ value: one.productKey, label: one.productName })),
          ]}
        />
        <NativeSelect
          label={t("firmware.module")}
          value={draft.moduleName}
          onChange={(event) => onChange({ moduleName: event.currentTarget.value })}
          data={[...new Set(names)]}
        />
        <TextInput
          label={t("firmware.version")}
          description={t("firmware.versionHint")}
          required
          value={draft.version}
          onChange={(event) => onChange({ version: event.currentTarget.value })}
          spellCheck={false}
        />
        <TextInput
          label={t("firmware.name")}
          description={t("firmware.nameHint")}
          required
          maxLength={40}
          value={draft.name}
          onChange={(event) => onChange({ name: event.currentTarget.value })}
          spellCheck={false}
        />
      </SimpleGrid>
      <Textarea
        label={t("firmware.description")}
        maxLength={100}
        value={draft.description}
        onChange={(event) => onChange({ description: event.currentTarget.value.replace(/\s+/g, " ") })}
      />
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="md">
        <NativeSelect
          label={t("firmware.kind")}
          value={draft.isDifference ? "1" : "0"}
          onChange={(event) => onChange({ isDifference: event.currentTarget.value === "1" })}
          data={[
            { value: "0", label: t("firmware.full") },
            { value: "1", label: t("firmware.difference") },
          ]}
        />
        {draft.isDifference ? (
          <TextInput
            label={t("firmware.sourceVersion")}
            required
            value={draft.sourceVersion}
            onChange={(event) => onChange({ sourceVersion: event.currentTarget.value })}
          />
        ) : (
          <NativeSelect
            label={t("firmware.sign")}
            value={draft.signMethod}
            onChange={(event) => onChange({ signMethod: event.currentTarget.value === "MD5" ? "MD5" : "SHA256" })}
            data={[
              { value: "SHA256", label: "SHA-256" },
              { value: "MD5", label: "MD5" },
            ]}
          />
        )}
      </SimpleGrid>
      <Switch
        label={t("firmware.needToVerify")}
        description={t(draft.needToVerify ? "firmware.verifyMeans" : "firmware.noVerifyMeans")}
        checked={draft.needToVerify}
        onChange={(event) => onChange({ needToVerify: event.currentTarget.checked })}
      />
    </Stack>
  );
}
