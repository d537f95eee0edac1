import { Stack, Switch, Text, TextInput } from "@mantine/core";
import { useNowMs } from "~/parts/Time";
import { useWords } from "~/words/useWords";
import type { CareProps } from "./CareStep";
import { isStartSound, localText, startMsOf } from "./starting";

const AN_HOUR_MS = 3_600_000;

/** At once, or at a time of this browser's zone, which is named. */
export function StartFields({ draft, change }: CareProps) {
  const { t, format } = useWords();
  const nowMs = useNowMs();
  const startMs = startMsOf(draft);
  const isSound = isStartSound(draft, nowMs);
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return (
    <Stack gap="sm">
      <Switch
        label={t("wizard.later")}
        checked={draft.isLater}
        onChange={(event) =>
          change({
            isLater: event.currentTarget.checked,
            startsAt: draft.startsAt || localText(Date.now() + AN_HOUR_MS),
          })
        }
      />
      {draft.isLater && (
        <TextInput
          type="datetime-local"
          label={t("wizard.startsAt")}
          description={t("wizard.zone", { zone: timeZone })}
          value={draft.startsAt}
          onChange={(event) => change({ startsAt: event.currentTarget.value })}
          error={isSound ? undefined : t("wizard.startBounds")}
          maw={280}
          required
        />
      )}
      {draft.isLater && isSound && startMs !== null && (
        <Text size="sm" c="dimmed">
          {t("wizard.startsIn", { when: format.relative(startMs, nowMs) })}
        </Text>
      )}
    </Stack>
  );
}
