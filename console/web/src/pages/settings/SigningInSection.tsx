import { Anchor, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { send } from "~/api/client";
import { useMay } from "~/api/hooks";
import { Section } from "~/parts/Section";
import { useWords } from "~/words/useWords";
import { type Fact, Facts } from "./Facts";

/** How people come in. */
export function SigningInSection() {
  const { t } = useWords();
  const may = useMay();
  const options = useQuery({ queryKey: ["sign-in-options"], queryFn: () => send("sign-in/options") });
  const yesOrNo = (value: unknown) => t(value === true ? "settings.on" : "settings.off");
  const facts: Fact[] = [
    { name: t("settings.passwords"), value: options.data ? yesOrNo(options.data.password) : "…" },
    { name: t("settings.singleSignOn"), value: options.data ? yesOrNo(options.data.oidc) : "…" },
  ];
  return (
    <Section
      title={t("settings.signingIn")}
      hint={t("settings.signingInHint")}
      actions={
        may("XListConsoleUsers") && (
          <Anchor component={Link} to="/users" size="sm">
            {t("users.title")}
          </Anchor>
        )
      }
    >
      <Facts facts={facts} />
      <Text size="sm" c="dimmed" mt="xs">
        {t("settings.sessionsEnd")}
      </Text>
    </Section>
  );
}
