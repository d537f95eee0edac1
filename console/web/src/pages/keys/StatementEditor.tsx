import { Button, Fieldset, Group, MultiSelect, Stack, Switch, TagsInput } from "@mantine/core";
import { useCall, useSession } from "~/api/hooks";
import { useWords } from "~/words/useWords";
import { type Draft, PERMISSION_NOUNS } from "./rights";

const SUGGESTED_MAX = 100;
const SHOWN_MAX = 60;

interface StatementEditorProps {
  draft: Draft;
  number: number;
  fault?: string | undefined;
  onChange: (draft: Draft) => void;
  onRemove?: (() => void) | undefined;
}

/** One statement: which Actions, only reading or not, and on which products and groups. */
export function StatementEditor({ draft, number, fault, onChange, onRemove }: StatementEditorProps) {
  const { t } = useWords();
  const places = usePlaces();
  const known = useNames();
  return (
    <Fieldset legend={t("keys.statement", { number })}>
      <Stack gap="sm">
        <TagsInput
          label={t("keys.may")}
          description={t("keys.mayHint")}
          error={fault}
          data={known}
          limit={SHOWN_MAX}
          value={draft.actions}
          onChange={(actions) => onChange({ ...draft, actions })}
          maxDropdownHeight={260}
          acceptValueOnBlur
          clearable={false}
        />
        <Switch
          label={t("keys.readOnly")}
          description={t("keys.readOnlyHint")}
          checked={draft.isReadOnly}
          onChange={(event) => onChange({ ...draft, isReadOnly: event.currentTarget.checked })}
        />
        <MultiSelect
          label={t("keys.onProducts")}
          placeholder={draft.products.length === 0 ? t("keys.allProducts") : undefined}
          data={withKept(places.products, draft.products)}
          value={draft.products}
          onChange={(products) => onChange({ ...draft, products })}
          searchable
        />
        <MultiSelect
          label={t("keys.onGroups")}
          placeholder={draft.groups.length === 0 ? t("keys.allGroups") : undefined}
          data={withKept(places.groups, draft.groups)}
          value={draft.groups}
          onChange={(groups) => onChange({ ...draft, groups })}
          searchable
        />
        {onRemove && (
          <Group justify="flex-end">
            <Button variant="subtle" color="clay" size="compact-sm" onClick={onRemove}>
              {t("keys.removeStatement")}
            </Button>
          </Group>
        )}
      </Stack>
    </Fieldset>
  );
}

interface Choice {
  value: string;
  label: string;
}

/** Permissions, then the Actions that the server serves. */
function useNames() {
  const { t } = useWords();
  const { data: session } = useSession();
  const permissions = PERMISSION_NOUNS.flatMap((noun) => [`${noun}:read`, `${noun}:write`]).filter(
    (name) => name !== "overview:write",
  );
  return [
    { group: t("keys.permissions"), items: ["*", ...permissions] },
    { group: t("keys.allActions"), items: session?.actions ?? [] },
  ];
}

function usePlaces(): { products: Choice[]; groups: Choice[] } {
  const page = { CurrentPage: 1, PageSize: SUGGESTED_MAX };
  const products = useCall("QueryProductList", page, { staleTimeMs: 60_000 });
  const groups = useCall("QueryDeviceGroupList", page, { staleTimeMs: 60_000 });
  return {
    products: (products.data?.data.list.productInfo ?? []).map(({ productKey, productName }) => ({
      value: productKey,
      label: `${productName} (${productKey})`,
    })),
    groups: (groups.data?.data.groupInfo ?? []).map(({ groupId, groupName }) => ({
      value: groupId,
      label: `${groupName} (${groupId})`,
    })),
  };
}

/** What a policy names stays a choice, also when it is gone or on a later page. */
function withKept(choices: Choice[], kept: string[]): Choice[] {
  const known = new Set(choices.map(({ value }) => value));
  return [...choices, ...kept.filter((value) => !known.has(value)).map((value) => ({ value, label: value }))];
}
