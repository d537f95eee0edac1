import { Button, Checkbox, Group, Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useDebouncedCallback, useDisclosure } from "@mantine/hooks";
import { IconAdjustmentsHorizontal, IconSearch } from "@tabler/icons-react";
import { useEffect, useId, useState } from "react";
import { useQueryState } from "~/parts/useQueryState";
import { useWords } from "~/words/useWords";
import { useGroupChoices, useModuleChoices, useProductChoices } from "../parts/choices";
import { FURTHER, STATES } from "./listing";

const TYPING_MS = 300;

/** Everything stands in the address: a filtered list is a link. */
export function Filters() {
  const { t } = useWords();
  const query = useQueryState();
  const further = FURTHER.filter((name) => query.get(name) !== "");
  const [isOpen, { toggle }] = useDisclosure(further.length > 0);
  const id = useId();
  const products = useProductChoices();
  return (
    <Stack component="search" aria-label={t("devices.filters")} gap="sm" mb="md">
      <Group gap="sm" align="flex-end">
        <Typed name="text" label={t("devices.text")} placeholder={t("devices.textHint")} isSearch />
        <Select
          label={t("devices.product")}
          placeholder={t("common.all")}
          data={products}
          value={query.get("product") || null}
          onChange={(product) => query.set({ product, version: null, module: null })}
          clearable
          searchable
          w={{ base: "100%", xs: 180 }}
        />
        <Select
          label={t("devices.state")}
          placeholder={t("common.all")}
          data={STATES.map((value) => ({ value, label: t(`status.device.${value}`) }))}
          value={query.get("state") || null}
          onChange={(state) => query.set({ state })}
          clearable
          w={{ base: "100%", xs: 160 }}
        />
        <Button
          variant="default"
          leftSection={<IconAdjustmentsHorizontal size={17} aria-hidden />}
          onClick={toggle}
          aria-expanded={isOpen}
          aria-controls={id}
        >
          {further.length === 0 ? t("devices.more") : t("devices.moreCount", { count: further.length })}
        </Button>
        {!query.isEmpty && (
          <Button variant="subtle" onClick={query.clear}>
            {t("common.clearFilters")}
          </Button>
        )}
      </Group>
      <div id={id}>{isOpen && <Further />}</div>
    </Stack>
  );
}

function Further() {
  const { t } = useWords();
  const query = useQueryState();
  const product = query.get("product");
  const modules = useModuleChoices(product);
  const groups = useGroupChoices("all");
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm">
      <Typed name="name" label={t("devices.prefix")} placeholder={t("devices.prefixHint")} />
      <Typed
        name="version"
        label={t("devices.version")}
        placeholder={product === "" ? t("devices.versionNeedsProduct") : "1.0.0"}
        isDisabled={product === ""}
      />
      <Select
        label={t("devices.module")}
        data={modules}
        value={query.get("module") || "default"}
        onChange={(module) => query.set({ module: module === "default" ? null : module })}
        allowDeselect={false}
      />
      <Select
        label={t("devices.group")}
        placeholder={t("common.all")}
        data={groups}
        value={query.get("group") || null}
        onChange={(group) => query.set({ group })}
        clearable
        searchable
      />
      <Typed name="tag" label={t("devices.tag")} placeholder={t("devices.tagHint")} />
      <Typed name="quiet" label={t("devices.quiet")} placeholder={t("devices.quietHint")} />
      <Checkbox
        label={t("devices.never")}
        checked={query.get("never") !== ""}
        onChange={(event) => query.set({ never: event.currentTarget.checked ? "1" : null })}
      />
    </SimpleGrid>
  );
}

interface TypedProps {
  name: string;
  label: string;
  placeholder: string;
  isSearch?: boolean;
  isDisabled?: boolean;
}

/** A text of the address; it is asked for when the typing has paused. */
function Typed({ name, label, placeholder, isSearch, isDisabled }: TypedProps) {
  const query = useQueryState();
  const given = query.get(name);
  const [text, setText] = useState(given);
  const ask = useDebouncedCallback((value: string) => query.set({ [name]: value.trim() }), TYPING_MS);
  useEffect(() => setText(given), [given]);
  return (
    <TextInput
      label={label}
      placeholder={placeholder}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        ask(event.currentTarget.value);
      }}
      leftSection={isSearch ? <IconSearch size={16} aria-hidden /> : undefined}
      type={isSearch ? "search" : "text"}
      disabled={isDisabled}
      flex={isSearch ? "1 1 220px" : undefined}
      autoComplete="off"
      spellCheck={false}
    />
  );
}
