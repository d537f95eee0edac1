import { Button, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { post } from "~/api/client";
import { SESSION_KEY } from "~/api/hooks";
import { ErrorNote } from "~/parts/ErrorNote";
import { useWords } from "~/words/useWords";
import { PasswordFields, passwordRules } from "./PasswordFields";
import { SigningFrame } from "./SigningFrame";

/** Takes up an invitation: the token stands behind the `#`, so no server's log ever holds it. */
export default function WelcomePage() {
  const { t } = useWords();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const [token] = useState(search.get("token") ?? "");
  const form = useForm({ initialValues: { password: "", again: "" }, validate: passwordRules(t) });
  const welcome = useMutation({
    mutationFn: ({ password }: typeof form.values) => post("welcome", { token, password }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: SESSION_KEY });
      navigate("/", { replace: true }); // the spent token leaves the history
    },
  });
  if (token === "") {
    return (
      <SigningFrame title={t("signing.noToken")} intro={t("signing.noTokenHint")}>
        <Text size="sm">{t("signing.firstTime")}</Text>
      </SigningFrame>
    );
  }
  return (
    <SigningFrame title={t("signing.welcomeTitle")} intro={t("signing.welcomeIntro")}>
      <form onSubmit={form.onSubmit((values) => welcome.mutate(values))}>
        <Stack gap="md">
          {welcome.error && <ErrorNote error={welcome.error} />}
          <PasswordFields form={form} />
          <Button type="submit" loading={welcome.isPending} fullWidth>
            {t("signing.setPassword")}
          </Button>
        </Stack>
      </form>
    </SigningFrame>
  );
}
