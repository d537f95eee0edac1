import { Anchor, Button, Center, Loader, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { post } from "~/api/client";
import type { CallError } from "~/api/errors";
import { SESSION_KEY } from "~/api/hooks";
import { useWords } from "~/words/useWords";
import { PasswordFields, passwordRules } from "./PasswordFields";
import { SigningError } from "./SigningError";
import { SigningFrame } from "./SigningFrame";
import { useFields } from "./useFields";

interface Invitation {
  account: string;
  name: string;
  role: string;
  /** True for the first user of an account: the name is a proposal. */
  choosesName: boolean;
}

/** Takes up an invitation: the token stands behind the `#`, so no server's log ever holds it. */
export default function WelcomePage() {
  const { t } = useWords();
  const [search] = useSearchParams();
  const [token] = useState(search.get("token") ?? "");
  const invitation = useQuery<Invitation, CallError>({
    queryKey: ["invitation", token],
    queryFn: async () => (await post("invitation", { token })) as unknown as Invitation,
    enabled: token !== "",
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (token === "") {
    return (
      <SigningFrame title={t("signing.noToken")} intro={t("signing.noTokenHint")}>
        <Text size="sm">{t("signing.firstTime")}</Text>
        <Anchor component={Link} to="/sign-in" size="sm">
          {t("signing.toSignIn")}
        </Anchor>
      </SigningFrame>
    );
  }
  if (invitation.error) {
    return (
      <SigningFrame title={t("signing.linkOver")} intro={t("signing.linkOverHint")}>
        <SigningError error={invitation.error} />
        <Anchor component={Link} to="/sign-in" size="sm">
          {t("signing.toSignIn")}
        </Anchor>
      </SigningFrame>
    );
  }
  if (!invitation.data) {
    return (
      <SigningFrame title={t("signing.welcomeTitle")} intro={t("signing.checking")}>
        <Center>
          <Loader aria-label={t("common.loading")} />
        </Center>
      </SigningFrame>
    );
  }
  return <WelcomeForm token={token} invitation={invitation.data} />;
}

function WelcomeForm({ token, invitation }: { token: string; invitation: Invitation }) {
  const { t, maybe } = useWords();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { account, role, choosesName } = invitation;
  const fields = useFields({ name: invitation.name, password: "", again: "" }, passwordRules(t));
  const welcome = useMutation({
    mutationFn: ({ name, password }: typeof fields.values) =>
      post("welcome", choosesName ? { token, password, name } : { token, password }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: SESSION_KEY });
      navigate("/", { replace: true }); // the spent token leaves the history
    },
  });
  const intro = t("signing.welcomeIntro", { account, role: maybe(`status.role.${role}`, role) });
  return (
    <SigningFrame title={t("signing.welcomeTitle")} intro={intro}>
      <form onSubmit={fields.onSubmit((values) => welcome.mutate(values))}>
        <Stack gap="md">
          {welcome.error && <SigningError error={welcome.error} />}
          <TextInput
            label={t("signing.name")}
            description={choosesName ? t("signing.nameHint") : undefined}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            readOnly={!choosesName}
            {...fields.of("name")}
          />
          <PasswordFields fields={fields} />
          <Button type="submit" loading={welcome.isPending} fullWidth>
            {t("signing.setPassword")}
          </Button>
        </Stack>
      </form>
    </SigningFrame>
  );
}
