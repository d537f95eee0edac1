import { Button, Group, Paper, PasswordInput, Stack, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { post } from "~/api/client";
import { SESSION_KEY } from "~/api/hooks";
import { PasswordFields, passwordRules } from "~/pages/signing/PasswordFields";
import { SigningError } from "~/pages/signing/SigningError";
import { useFields } from "~/pages/signing/useFields";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import { OWN_SESSIONS_KEY } from "./Sessions";

/** One's own password; the server ends all other sessions with the old one. */
export function PasswordCard({ name }: { name: string }) {
  const { t } = useWords();
  const client = useQueryClient();
  const fields = useFields({ current: "", password: "", again: "" }, passwordRules(t));
  const change = useMutation({
    mutationFn: ({ current, password }: typeof fields.values) =>
      post("password", { password: current, newPassword: password }),
    onSuccess: async () => {
      fields.reset();
      await client.invalidateQueries({ queryKey: SESSION_KEY }); // the session is another, and so is its token
      await client.invalidateQueries({ queryKey: OWN_SESSIONS_KEY });
      showDone(t("me.changed"));
    },
  });
  return (
    <Paper component="section" withBorder p="lg" bg="var(--surface)" aria-labelledby="me-password">
      <form onSubmit={fields.onSubmit((values) => change.mutate(values))}>
        <Stack gap="md">
          <Title order={2} size="h4" id="me-password">
            {t("me.password")}
          </Title>
          {change.error && <SigningError error={change.error} />}
          {/* Not shown: it tells a password manager whose password this is. */}
          <input type="text" autoComplete="username" value={name} readOnly hidden />
          <PasswordInput
            visibilityToggleButtonProps={{ "aria-label": t("signing.showPassword") }}
            label={t("me.currentPassword")}
            autoComplete="current-password"
            {...fields.of("current")}
          />
          <PasswordFields fields={fields} />
          <Group>
            <Button type="submit" loading={change.isPending}>
              {t("me.change")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
