import { Stack } from "@mantine/core";
import { useSession } from "~/api/hooks";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";
import { PasswordCard } from "./PasswordCard";
import { Sessions } from "./Sessions";

export default function MePage() {
  const { t, maybe, format } = useWords();
  const { data: session } = useSession();
  if (!session) return null;
  const { name, role } = session.user;
  const until = format.exact(Date.parse(session.expiresAt));
  return (
    <>
      <PageHeader title={t("me.title")}>
        {t("me.signedInAs", { name, role: maybe(`status.role.${role}`, role), account: session.account })}{" "}
        {t("me.until", { when: until })}
      </PageHeader>
      <Stack gap="xl">
        <Sessions />
        <PasswordCard name={name} />
      </Stack>
    </>
  );
}
