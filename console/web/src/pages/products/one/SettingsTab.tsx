import { Button, Group, NativeSelect, SimpleGrid, Skeleton, Stack, Switch, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { callForSecrets } from "~/api/client";
import { useCall, useChange, useMay } from "~/api/hooks";
import type { Answer } from "~/api/types";
import { ErrorNote } from "~/parts/ErrorNote";
import { FactList } from "~/parts/FactList";
import { HiddenSecret } from "~/parts/HiddenSecret";
import { Section } from "~/parts/Section";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import type { Product } from "../ProductPage";
import { GatewayToken } from "./GatewayToken";

const NONE = "-"; // on the wire: nothing of what was set
const WAYS = ["OFF", "REGISTERED_NAMES", "ANY_NAME"] as const;
type Enrolled = Answer<"XQueryProductEnrolment">["data"];
type Ddi = Answer<"XQueryProductDdi">["data"];

/** How devices come to be, and how those of hawkBit's protocol prove who they are. */
export function SettingsTab({ product }: { product: Product }) {
  const { productKey } = product;
  const enrolment = useCall("XQueryProductEnrolment", { ProductKey: productKey });
  const ddi = useCall("XQueryProductDdi", { ProductKey: productKey });
  const error = enrolment.error ?? ddi.error;
  if (error) return <ErrorNote error={error} />;
  if (!enrolment.data || !ddi.data) return <Skeleton h={300} aria-busy />;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
      <Stack gap="lg">
        <Enrolment product={product} now={enrolment.data.data} />
        <GatewayToken productKey={productKey} hasToken={ddi.data.data.hasGatewayToken} />
      </Stack>
      <div>
        <DdiSettings now={ddi.data.data} />
      </div>
    </SimpleGrid>
  );
}

function useSaved() {
  const { t } = useWords();
  return { onDone: () => showDone(t("products.saved")) };
}

function Enrolment({ product, now }: { product: Product; now: Enrolled }) {
  const { t, format } = useWords();
  const may = useMay();
  const [way, setWay] = useState(now.dynamicRegistration);
  const [plugAndPlay, setPlugAndPlay] = useState(now.plugAndPlay);
  const [most, setMost] = useState(String(now.selfMadeMax));
  const update = useChange("XUpdateProductEnrolment", useSaved());
  const isFixed = !may("XUpdateProductEnrolment");
  const readSecret = async () =>
    (await callForSecrets("QueryProduct", { ProductKey: product.productKey })).data.productSecret ?? "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    update.mutate({
      ProductKey: product.productKey,
      DynamicRegistration: way,
      PlugAndPlay: plugAndPlay,
      SelfMadeMax: Number(most),
    });
  };
  return (
    <Section title={t("products.enrolment")} hint={t("products.enrolmentHint")}>
      <form onSubmit={submit}>
        <Stack gap="md">
          <FactList
            label={t("products.enrolment")}
            facts={[
              ["ProductSecret", <HiddenSecret key="secret" of="ProductSecret" read={readSecret} />],
              [t("products.selfMade"), format.number(now.selfMade)],
            ]}
          />
          <NativeSelect
            label={t("products.dynamic")}
            value={way}
            disabled={isFixed}
            onChange={(event) => setWay(WAYS.find((one) => one === event.currentTarget.value) ?? "OFF")}
            data={WAYS.map((one) => ({ value: one, label: t(`products.way.${one}`) }))}
          />
          <Switch
            label={t("products.plugAndPlay")}
            checked={plugAndPlay}
            disabled={isFixed}
            onChange={(event) => setPlugAndPlay(event.currentTarget.checked)}
          />
          <TextInput
            label={t("products.selfMadeMax")}
            description={t("products.selfMadeMaxHint")}
            value={most}
            onChange={(event) => setMost(event.currentTarget.value)}
            inputMode="numeric"
            pattern="[0-9]+"
            disabled={isFixed}
          />
          {!isFixed && <Save isPending={update.isPending} />}
        </Stack>
      </form>
    </Section>
  );
}

function DdiSettings({ now }: { now: Ddi }) {
  const { t } = useWords();
  const may = useMay();
  const [form, setForm] = useState(now);
  const update = useChange("XUpdateProductDdi", useSaved());
  const isFixed = !may("XUpdateProductDdi");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    update.mutate({
      ProductKey: now.productKey,
      PollingInterval: form.pollingInterval.trim(),
      AcceptTargetTokens: form.acceptTargetTokens,
      Authorities: form.authorities.trim() || NONE,
      VersionAttribute: form.versionAttribute.trim() || NONE,
      IsDefault: form.isDefault,
    });
  };
  const text = (key: "pollingInterval" | "authorities" | "versionAttribute", hint: string) => (
    <TextInput
      label={t(`products.${key}`)}
      description={hint}
      value={form[key]}
      disabled={isFixed}
      onChange={(event) => setForm({ ...form, [key]: event.currentTarget.value })}
    />
  );
  const flag = (key: "acceptTargetTokens" | "isDefault") => (
    <Switch
      label={t(`products.${key}`)}
      checked={form[key]}
      disabled={isFixed}
      onChange={(event) => setForm({ ...form, [key]: event.currentTarget.checked })}
    />
  );
  return (
    <Section title={t("products.ddi")} hint={t("products.ddiHint")}>
      <form onSubmit={submit}>
        <Stack gap="md">
          {text("pollingInterval", t("products.pollingIntervalHint"))}
          {text("versionAttribute", t("products.versionAttributeHint"))}
          {text("authorities", t("products.authoritiesHint"))}
          {flag("acceptTargetTokens")}
          {flag("isDefault")}
          {!isFixed && <Save isPending={update.isPending} />}
        </Stack>
      </form>
    </Section>
  );
}

function Save({ isPending }: { isPending: boolean }) {
  const { t } = useWords();
  return (
    <Group>
      <Button type="submit" loading={isPending}>
        {t("common.save")}
      </Button>
    </Group>
  );
}
