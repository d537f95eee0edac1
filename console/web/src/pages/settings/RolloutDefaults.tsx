import { Alert, Button, Group, SimpleGrid, Skeleton, Stack, Switch, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useCall, useChange, useMay } from "~/api/hooks";
import type { Amount } from "~/parts/amount";
import { ErrorNote } from "~/parts/ErrorNote";
import { NumberField } from "~/parts/NumberField";
import { Section } from "~/parts/Section";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import { BOUNDS, type Defaults, type DefaultsForm, faultOf, formOf, sentOf } from "./defaults";

/** How carefully new rollouts go out when nobody says otherwise. */
export function RolloutDefaults() {
  const { t } = useWords();
  const query = useCall("XQueryRolloutDefaults", {});
  const data = query.data?.data;
  return (
    <Section title={t("settings.defaults")} hint={t("settings.defaultsHint")}>
      {query.error && !data && <ErrorNote error={query.error} onRetry={() => void query.refetch()} />}
      {!data && !query.error && <Skeleton h={180} />}
      {/* Anew with each change of the server's: what is shown is what holds. */}
      {data && <Form key={JSON.stringify(data)} data={data} />}
    </Section>
  );
}

function Form({ data }: { data: Defaults }) {
  const { t } = useWords();
  const may = useMay();
  const [form, setForm] = useState<DefaultsForm>(() => formOf(data));
  const save = useChange("XUpdateRolloutDefaults", { isQuiet: true, onDone: () => showDone(t("settings.saved")) });
  const isFixed = !may("XUpdateRolloutDefaults");
  const fault = faultOf(form);
  const put = (changes: Partial<DefaultsForm>) => setForm({ ...form, ...changes });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (fault === null) save.mutate(sentOf(form));
  };
  const number = (name: keyof typeof BOUNDS) => ({
    label: t(`settings.${name}`),
    description: t(`settings.${name}Hint`),
    value: form[name],
    onChange: (value: Amount) => put({ [name]: value }),
    bounds: BOUNDS[name],
    error: fault === name && form[name] === "" ? t("settings.needed") : undefined,
    readOnly: isFixed,
  });
  return (
    <form onSubmit={submit}>
      <Stack gap="lg">
        <Stack gap="sm">
          <Switch
            label={t("settings.gate")}
            description={t("settings.gateHint")}
            checked={form.hasGate}
            disabled={isFixed}
            onChange={(event) => put({ hasGate: event.currentTarget.checked })}
          />
          {form.hasGate ? (
            <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="md">
              <NumberField {...number("limit")} unit="%" />
              <NumberField {...number("silentMinutes")} />
              <NumberField {...number("silentHours")} />
            </SimpleGrid>
          ) : (
            <Alert color="sand" icon={<IconAlertTriangle aria-hidden />}>
              {t("settings.noGate")}
            </Alert>
          )}
        </Stack>
        <Stack gap="sm">
          <Switch
            label={t("settings.pace")}
            description={t("settings.paceHint")}
            checked={form.hasPace}
            disabled={isFixed}
            onChange={(event) => put({ hasPace: event.currentTarget.checked })}
          />
          {form.hasPace && (
            <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="md">
              <NumberField {...number("first")} placeholder={t("settings.firstDefault")} />
              <NumberField {...number("growth")} />
            </SimpleGrid>
          )}
        </Stack>
        {save.error && <ErrorNote error={save.error} />}
        {isFixed ? (
          <Text size="sm" c="dimmed">
            {t("settings.fixed")}
          </Text>
        ) : (
          <Group gap="xs">
            <Button type="submit" loading={save.isPending} disabled={fault !== null}>
              {t("common.save")}
            </Button>
            {data.isOwn && (
              <Button variant="default" onClick={() => save.mutate({})}>
                {t("settings.reset")}
              </Button>
            )}
            <Text size="sm" c="dimmed">
              {t(data.isOwn ? "settings.own" : "settings.releases")}
            </Text>
          </Group>
        )}
      </Stack>
    </form>
  );
}
