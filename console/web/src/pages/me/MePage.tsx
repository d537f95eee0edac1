import { Button, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { post } from "~/api/client";
import { SESSION_KEY, useSession } from "~/api/hooks";
import { PasswordFields, passwordRules } from "~/pages/signing/PasswordFields";
import { ErrorNote } from "~/parts/ErrorNote";
import { PageHeader } from "~/parts/PageHeader";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";

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
      <PasswordCard />
    </>
  );
}

function PasswordCard() {
  const { t } = useWords();
  const client = useQueryClient();
  const form = useForm({ initialValues: { current: "", password: "", again: "" }, validate: passwordRules(t) });
  const change = useMutation({
    mutationFn: ({ current, password }: typeof form.values) => post("password", { current, password }),
    onSuccess: () => {
      form.reset();
      showDone(t("me.changed"));
      void client.invalidateQueries({ queryKey: SESSION_KEY });
    },
  });
  return (
    <Paper component="section" withBorder p="lg" maw={460} aria-labelledby="me-password">
      <form onSubmit={form.onSubmit((values) => change.mutate(values))}>
        <Stack gap="md">
          <Title order={2} size="h4" id="me-password">
            {t("me.password")}
          </Title>
          {change.error && <ErrorNote error={change.error} />}
          <PasswordInput
            label={t("me.currentPassword")}
            autoComplete="current-password"
            {...form.getInputProps("current")}
          />
          <PasswordFields form={form} />
          <Text component="div">
            <Button type="submit" loading={change.isPending}>
              {t("me.change")}
            </Button>
          </Text>
        </Stack>
      </form>
    </Paper>
  );
}
