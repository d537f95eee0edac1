import { ActionIcon, Button, Chip, Group, Input, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useMemo } from "react";
import { useWords } from "~/words/useWords";
import type { CareProps } from "./CareStep";
import { nextId, type WindowDraft } from "./draft";
import { WeekPicture } from "./WeekPicture";
import { DAYS } from "./week";
import wizard from "./wizard.module.css";

const WINDOWS_MAX = 14;
const NIGHT = { days: ["MON", "TUE", "WED", "THU"], start: "22:00", end: "05:00" };
const WEEK_OF_MONDAY_MS = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;

/** Monday to Sunday as the language writes them short. */
export function dayNames(locale: string): string[] {
  const format = new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" });
  return DAYS.map((_, index) => format.format(WEEK_OF_MONDAY_MS + index * DAY_MS));
}

/** When devices may be told; beside it a picture of the week. */
export function WindowsEditor({ draft, change }: CareProps) {
  const { t } = useWords();
  const { windows } = draft;
  const zones = useMemo(() => zonesWith(draft.timeZone), [draft.timeZone]);
  const put = (id: number, changes: Partial<WindowDraft>) =>
    change({ windows: windows.map((one) => (one.id === id ? { ...one, ...changes } : one)) });
  return (
    <Stack gap="md">
      {windows.map((one, index) => (
        <WindowRow
          key={one.id}
          number={index + 1}
          window={one}
          put={(changes) => put(one.id, changes)}
          onRemove={() => change({ windows: windows.filter((other) => other.id !== one.id) })}
        />
      ))}
      <Group justify="space-between" gap="sm">
        <Text size="sm" c="dimmed">
          {windows.length === 0 ? t("wizard.noWindows") : t("wizard.windowsRule")}
        </Text>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={15} aria-hidden />}
          onClick={() => change({ windows: [...windows, { ...NIGHT, id: nextId(windows) }] })}
          disabled={windows.length >= WINDOWS_MAX}
        >
          {t("wizard.addWindow")}
        </Button>
      </Group>
      {windows.length > 0 && (
        <>
          <Select
            label={t("wizard.timeZone")}
            data={zones}
            value={draft.timeZone}
            onChange={(value) => value && change({ timeZone: value })}
            nothingFoundMessage={t("common.nothingMatches")}
            limit={50}
            allowDeselect={false}
            searchable
            maw={320}
          />
          <WeekPicture windows={windows} label={t("wizard.weekPicture", { zone: draft.timeZone })} />
        </>
      )}
    </Stack>
  );
}

function zonesWith(chosen: string): string[] {
  const known = Intl.supportedValuesOf("timeZone");
  return [...new Set([chosen, "UTC", ...known])];
}

interface WindowRowProps {
  number: number;
  window: WindowDraft;
  put: (changes: Partial<WindowDraft>) => void;
  onRemove: () => void;
}

function WindowRow({ number, window, put, onRemove }: WindowRowProps) {
  const { t, locale } = useWords();
  const names = dayNames(locale);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a legend of a fieldset is no part of a grid
    <div className={wizard.windowRow} role="group" aria-label={t("wizard.windowNumber", { number })}>
      <div>
        <Input.Label component="div" mb={4}>
          {t("wizard.days")}
        </Input.Label>
        <Chip.Group
          multiple
          value={window.days}
          onChange={(days) => put({ days: DAYS.filter((day) => days.includes(day)) })}
        >
          <Group gap={4}>
            {DAYS.map((day, index) => (
              <Chip key={day} value={day} size="sm" radius="md" variant="light">
                {names[index]}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
      </div>
      <TextInput
        type="time"
        label={t("wizard.from")}
        value={window.start}
        onChange={(event) => put({ start: event.currentTarget.value.slice(0, 5) })}
      />
      <TextInput
        type="time"
        label={t("wizard.until")}
        value={window.end}
        onChange={(event) => put({ end: event.currentTarget.value.slice(0, 5) })}
      />
      <ActionIcon
        variant="subtle"
        color="gray"
        size={34}
        onClick={onRemove}
        aria-label={t("wizard.removeWindow", { number })}
      >
        <IconTrash size={17} aria-hidden />
      </ActionIcon>
    </div>
  );
}
