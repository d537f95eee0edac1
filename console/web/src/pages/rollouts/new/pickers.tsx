import { Select, TagsInput } from "@mantine/core";
import { useState } from "react";
import { useCall } from "~/api/hooks";
import { useWords } from "~/words/useWords";

const GROUPS_MAX = 200;
const VERSIONS_MAX = 10;

interface GroupChoiceProps {
  kind: "LINK_PLATFORM" | "LINK_PLATFORM_DYNAMIC";
  groupId: string;
  onChoice: (groupId: string) => void;
}

/** One of the account's groups of that kind. */
export function GroupChoice({ kind, groupId, onChoice }: GroupChoiceProps) {
  const { t } = useWords();
  const [name, setName] = useState("");
  const groups = useCall(
    "QueryDeviceGroupList",
    { CurrentPage: 1, PageSize: GROUPS_MAX, GroupTypes: [kind] },
    { keepPrevious: true },
  );
  const rows = groups.data?.data.groupInfo ?? [];
  return (
    <Select
      label={t("wizard.group")}
      description={t(`wizard.groupHint.${kind}`)}
      placeholder={t("wizard.chooseGroup")}
      nothingFoundMessage={t("common.nothingMatches")}
      data={rows.map((one) => ({ value: one.groupId, label: one.groupName }))}
      value={groupId || null}
      onChange={(value) => onChoice(value ?? "")}
      error={groups.error?.message}
      searchable
      searchValue={name}
      onSearchChange={setName}
      maw={420}
    />
  );
}

interface VersionsProps {
  label: string;
  hint: string;
  versions: string[];
  onChange: (versions: string[]) => void;
}

/** Versions that devices report, as many as a job takes. */
export function Versions({ label, hint, versions, onChange }: VersionsProps) {
  return (
    <TagsInput
      label={label}
      description={hint}
      maxTags={VERSIONS_MAX}
      value={versions}
      onChange={onChange}
      splitChars={[",", " ", ";"]}
      acceptValueOnBlur
    />
  );
}
