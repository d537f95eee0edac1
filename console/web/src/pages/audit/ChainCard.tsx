import { Stack, Text } from "@mantine/core";
import { useCall, useSession } from "~/api/hooks";
import { Section } from "~/parts/Section";
import { Snippet } from "~/parts/Snippet";
import { useWords } from "~/words/useWords";

/** How to prove that nobody touched the trail: on the server, for a page could only repeat what it is told. */
export function ChainCard() {
  const { t } = useWords();
  const { data: session } = useSession();
  const newest = useCall("XListAuditEvents", { CurrentPage: 1, PageSize: 1 }).data?.data.auditEvent[0];
  return (
    <Section title={t("audit.chain")} hint={t("audit.chainHint")}>
      <Stack gap="sm">
        <Snippet label={t("audit.verify")} code="whimbrel audit verify" />
        {newest && (
          <>
            <Text size="sm">{t("audit.headHint")}</Text>
            <Snippet
              label={t("audit.verifyHead")}
              code={`whimbrel audit verify --expect ${session?.account}:${newest.number}:${newest.hash}`}
            />
          </>
        )}
      </Stack>
    </Section>
  );
}
