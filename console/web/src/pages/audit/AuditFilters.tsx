import { Autocomplete, Button, Group, TextInput } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { type FormEvent, useEffect, useState } from "react";
import { useCall, useMay, useSession } from "~/api/hooks";
import type { useQueryState } from "~/parts/useQueryState";
import { useWords } from "~/words/useWords";

const NAMES_MAX = 100;
const SHOWN_MAX = 30;
const NONE = { actor: null, action: null, before: null };

/** By whom, by what, or from a time backwards: one of the three. */
export function AuditFilters({ query }: { query: ReturnType<typeof useQueryState> }) {
  const { t } = useWords();
  const { data: session } = useSession();
  const actors = useActors();
  return (
    <Group component="search" align="flex-end" gap="sm" aria-label={t("audit.filters")}>
      <Suggested
        label={t("audit.actor")}
        names={actors}
        value={query.get("actor")}
        onChoose={(actor) => query.set({ ...NONE, actor })}
      />
      <Suggested
        label={t("audit.action")}
        names={session?.actions ?? []}
        value={query.get("action")}
        onChoose={(action) => query.set({ ...NONE, action })}
      />
      <TextInput
        type="datetime-local"
        label={t("audit.before")}
        w={{ base: "100%", xs: 230 }}
        value={query.get("before")}
        max="9999-12-31T23:59"
        onChange={(event) => query.set({ ...NONE, before: event.currentTarget.value })}
      />
      {!query.isEmpty && (
        <Button variant="subtle" leftSection={<IconX size={16} aria-hidden />} onClick={query.clear}>
          {t("common.clearFilters")}
        </Button>
      )}
    </Group>
  );
}

interface SuggestedProps {
  label: string;
  names: string[];
  value: string;
  onChoose: (name: string) => void;
}

/** Any text, with what is known to be there below; taken with Enter or from the list. */
function Suggested({ label, names, value, onChoose }: SuggestedProps) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onChoose(typed.trim());
  };
  return (
    <form onSubmit={submit} style={{ flex: "1 1 200px", maxWidth: 320 }}>
      <Autocomplete
        label={label}
        data={names}
        limit={SHOWN_MAX}
        value={typed}
        onChange={setTyped}
        onOptionSubmit={onChoose}
        onBlur={() => typed.trim() !== value && onChoose(typed.trim())}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
      />
    </form>
  );
}

/** People and keys of now; who is gone can still be typed. */
function useActors(): string[] {
  const may = useMay();
  const page = { CurrentPage: 1, PageSize: NAMES_MAX };
  const users = useCall("XListConsoleUsers", page, { enabled: may("XListConsoleUsers") });
  const keys = useCall("XListAccessKeys", page, { enabled: may("XListAccessKeys") });
  return [
    ...(users.data?.data.consoleUser ?? []).map((user) => `user:${user.name}`),
    ...(keys.data?.data.accessKey ?? []).map((key) => key.accessKeyId),
  ];
}
