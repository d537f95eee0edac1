import { Anchor, Code } from "@mantine/core";
import { useSession } from "~/api/hooks";
import { Section } from "~/parts/Section";
import { useWords } from "~/words/useWords";
import { Facts } from "./Facts";

// Beside the console, whatever the prefix: the pages stand in `console/`.
const OPENAPI = "../openapi.json";

/** Where programs find what this page is made of. */
export function InterfacesSection() {
  const { t, rich } = useWords();
  const { data: session } = useSession();
  const base = session?.server.publicUrl ?? "";
  return (
    <Section title={t("settings.interfaces")} hint={t("settings.interfacesHint")}>
      <Facts
        facts={[
          {
            name: t("settings.openapi"),
            value: (
              <Anchor href={OPENAPI} target="_blank" rel="noreferrer" inherit>
                {`${base}/openapi.json`}
              </Anchor>
            ),
          },
          { name: t("settings.metrics"), value: <Code>{`${base}/metrics`}</Code> },
          {
            name: t("settings.health"),
            value: rich("settings.healthAddresses", {
              live: <Code>{`${base}/healthz`}</Code>,
              ready: <Code>{`${base}/readyz`}</Code>,
            }),
          },
        ]}
      />
    </Section>
  );
}
