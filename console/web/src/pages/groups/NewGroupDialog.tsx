import { Alert, Code, SegmentedControl, Select, SimpleGrid, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { type Dispatch, type SetStateAction, useState } from "react";
import { useNavigate } from "react-router";
import { useCall, useChange } from "~/api/hooks";
import { ErrorNote } from "~/parts/ErrorNote";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import { useProductChoices } from "../devices/parts/choices";
import { FormDialog } from "../devices/parts/FormDialog";
import { EMPTY_RULE, expressionOf, listingOfRule, type Rule } from "./expression";

const TYPING_MS = 400;
const SHOWN = 5;

/** A group that devices are put into, or one whose devices a rule says. */
export function NewGroupDialog({ onClose }: { onClose: () => void }) {
  const { t } = useWords();
  const go = useNavigate();
  const [kind, setKind] = useState("static");
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [rule, setRule] = useState(EMPTY_RULE);
  const done = (groupId: string) => {
    showDone(t("groups.made", { name }));
    void go(`/groups/${groupId}`);
  };
  const options = { isRepeatable: true, onDone: (answer: { data: { groupId: string } }) => done(answer.data.groupId) };
  const ofNames = useChange("CreateDeviceGroup", options);
  const ofRule = useChange("CreateDeviceDynamicGroup", options);
  const expression = expressionOf(rule);
  const given = { GroupName: name.trim(), ...(description.trim() === "" ? {} : { GroupDesc: description.trim() }) };
  return (
    <FormDialog
      opened
      onClose={onClose}
      onSubmit={() =>
        kind === "static" ? ofNames.mutate(given) : ofRule.mutate({ ...given, DynamicGroupExpression: expression })
      }
      title={t("groups.new")}
      submitLabel={t("groups.make")}
      isReady={name.trim() !== "" && (kind === "static" || expression !== "")}
      isPending={ofNames.isPending || ofRule.isPending}
    >
      <SegmentedControl
        aria-label={t("groups.kind")}
        data={[
          { value: "static", label: t("groups.static") },
          { value: "dynamic", label: t("groups.dynamic") },
        ]}
        value={kind}
        onChange={setKind}
        fullWidth
      />
      <Text size="sm" c="dimmed">
        {kind === "static" ? t("groups.staticHint") : t("groups.dynamicHint")}
      </Text>
      <TextInput
        label={t("groups.name")}
        description={t("groups.nameHint")}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={30}
        required
        data-autofocus
      />
      <TextInput
        label={t("groups.description")}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
        maxLength={100}
      />
      {kind === "dynamic" && <RuleFields rule={rule} setRule={setRule} />}
    </FormDialog>
  );
}

function RuleFields({ rule, setRule }: { rule: Rule; setRule: Dispatch<SetStateAction<Rule>> }) {
  const { t } = useWords();
  const products = useProductChoices();
  const set = (name: keyof Rule) => (value: string) => setRule((before) => ({ ...before, [name]: value }));
  const expression = expressionOf(rule);
  return (
    <>
      <Select
        label={t("groups.product")}
        data={products}
        value={rule.productKey || null}
        onChange={(value) => set("productKey")(value ?? "")}
        searchable
        required
      />
      <TextInput
        label={t("groups.prefix")}
        value={rule.prefix}
        onChange={(event) => set("prefix")(event.currentTarget.value)}
        maxLength={32}
      />
      <SimpleGrid cols={2} spacing="sm">
        <TextInput
          label={t("groups.tagKey")}
          value={rule.tagKey}
          onChange={(event) => set("tagKey")(event.currentTarget.value)}
          maxLength={32}
        />
        <TextInput
          label={t("groups.tagValue")}
          value={rule.tagValue}
          onChange={(event) => set("tagValue")(event.currentTarget.value)}
          maxLength={128}
        />
      </SimpleGrid>
      {expression !== "" && (
        <>
          <Code block>{expression}</Code>
          <Matching rule={rule} />
        </>
      )}
    </>
  );
}

/** Which devices the rule describes now: how many where the server counts them, the first ones anyway. */
function Matching({ rule }: { rule: Rule }) {
  const { t } = useWords();
  const [asked] = useDebouncedValue(rule, TYPING_MS);
  const found = useCall("XListDevices", { ...listingOfRule(asked), PageSize: SHOWN }, { keepPrevious: true });
  if (found.error) return <ErrorNote error={found.error} />;
  if (found.data === undefined) return null;
  const { total, data, nextToken } = found.data;
  const names = data.devices.map((device) => device.deviceName).join(", ");
  return (
    <Alert color={data.devices.length === 0 ? "sand" : "estuary"} role="status">
      {data.devices.length === 0
        ? t("groups.matchesNone")
        : total === undefined
          ? t(nextToken === undefined ? "groups.matchesThese" : "groups.matchesMore", { names })
          : t("groups.matches", { count: total, names })}
    </Alert>
  );
}
