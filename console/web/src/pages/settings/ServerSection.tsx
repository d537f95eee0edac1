import { Alert, Badge, Code, Group, Stack } from "@mantine/core";
import { IconAlertOctagon, IconAlertTriangle, IconLock } from "@tabler/icons-react";
import { useSession } from "~/api/hooks";
import { CopyButton } from "~/parts/CopyButton";
import { Section } from "~/parts/Section";
import { useWords } from "~/words/useWords";
import { type Fact, Facts } from "./Facts";
import { isElsewhere, mqttAddress } from "./server";

/** How this server was started. Nothing here is changed from a page: it is the machine's own. */
export function ServerSection() {
  const { t, maybe } = useWords();
  const { data: session } = useSession();
  if (!session) return null;
  const { server, account } = session;
  const facts: Fact[] = [
    { name: t("settings.version"), value: server.version },
    { name: t("settings.account"), value: account },
    { name: t("settings.publicUrl"), value: <Address text={server.publicUrl} /> },
    {
      name: t("settings.tls"),
      value: server.hasTls ? <Secured /> : t(server.isInsecure ? "settings.noTls" : "settings.loopback"),
    },
    {
      name: t("settings.mqtt"),
      value: server.mqtt ? <Address text={mqttAddress(server.mqtt)} /> : t("settings.noMqtt"),
    },
    {
      name: t("settings.roles"),
      value: server.roles.map((role) => maybe(`settings.role.${role}`, role)).join(", "),
    },
  ];
  return (
    <Section title={t("settings.server")} hint={t("settings.serverHint")}>
      <Stack gap="sm">
        {server.isInsecure && (
          <Alert color="clay" variant="filled" icon={<IconAlertOctagon aria-hidden />} title={t("settings.insecure")}>
            {t("settings.insecureHint")}
          </Alert>
        )}
        {isElsewhere(server.publicUrl, window.location.href) && (
          <Alert color="sand" icon={<IconAlertTriangle aria-hidden />} title={t("settings.elsewhere")}>
            {t("settings.elsewhereHint", { here: window.location.origin, url: server.publicUrl })}
          </Alert>
        )}
        <Facts facts={facts} />
      </Stack>
    </Section>
  );
}

function Address({ text }: { text: string }) {
  return (
    <Group gap={4} wrap="nowrap" component="span" display="inline-flex">
      <Code>{text}</Code>
      <CopyButton value={text} />
    </Group>
  );
}

function Secured() {
  const { t } = useWords();
  return (
    <Badge color="marsh" variant="light" tt="none" leftSection={<IconLock size={13} aria-hidden />}>
      {t("settings.hasTls")}
    </Badge>
  );
}
