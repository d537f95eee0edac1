import { SimpleGrid, Stack, Text } from "@mantine/core";
import { useSession } from "~/api/hooks";
import { PageHeader } from "~/parts/PageHeader";
import { Section } from "~/parts/Section";
import { useWords } from "~/words/useWords";
import { PasswordCard } from "./PasswordCard";
import { Preferences } from "./Preferences";
import { Sessions } from "./Sessions";

export default function MePage() {
  const { t, maybe, format } = useWords();
  const { data: session } = useSession();
  if (!session) return null;
  const { name, role } = session.user;
  const until = format.exact(Date.parse(session.expiresAt));
  return (
    <>
      <PageHeader title={t("me.title")} howTo="manage-console-users">
        {t("me.signedInAs", { name, role: maybe(`status.role.${role}`, role), account: session.account })}{" "}
        {t("me.until", { when: until })}
      </PageHeader>
      <Stack gap="xl">
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
          <Stack gap="lg">
            <Section title={t("me.role")} hint={maybe(`status.role.${role}`, role)}>
              <Text size="sm">{maybe(`users.roleHint.${role}`, "")}</Text>
            </Section>
            <Preferences />
          </Stack>
          <PasswordCard name={name} />
        </SimpleGrid>
        <Sessions />
      </Stack>
    </>
  );
}
