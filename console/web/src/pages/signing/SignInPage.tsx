import { Anchor, Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Navigate, useSearchParams } from "react-router";
import { post } from "~/api/client";
import { SESSION_KEY, useSession } from "~/api/hooks";
import { useWords } from "~/words/useWords";
import { CapsLockHint, useCapsLock } from "./capsLock";
import { ProviderButton, ProviderProblem } from "./ProviderButton";
import { SigningError } from "./SigningError";
import { SigningFrame } from "./SigningFrame";
import { useFields } from "./useFields";

export default function SignInPage() {
  const { t } = useWords();
  const client = useQueryClient();
  const session = useSession();
  const [search] = useSearchParams();
  const [hasAccount, setHasAccount] = useState(false);
  const caps = useCapsLock();
  const password = useRef<HTMLInputElement>(null);
  const fields = useFields({ name: "", password: "", account: "" });
  const signIn = useMutation({
    mutationFn: ({ name, password, account }: typeof fields.values) =>
      post("sign-in", account === "" ? { name, password } : { name, password, account }),
    onSuccess: () => client.invalidateQueries({ queryKey: SESSION_KEY }),
    onError: () => {
      fields.set("password", "");
      password.current?.focus();
    },
  });
  if (session.data) return <Navigate to={ownPath(search.get("then"))} replace />;
  return (
    <SigningFrame
      title={t("signing.title")}
      intro={t(search.has("then") ? "errors.console.SignedOut" : "signing.intro")}
    >
      <ProviderProblem problem={search.get("problem")} />
      <ProviderButton then={ownPath(search.get("then"))} />
      <form onSubmit={fields.onSubmit((values) => signIn.mutate(values))}>
        <Stack gap="md">
          {signIn.error && <SigningError error={signIn.error} />}
          <TextInput
            label={t("signing.name")}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            data-autofocus
            autoFocus
            required
            withAsterisk={false}
            {...fields.of("name")}
          />
          <PasswordInput
            visibilityToggleButtonProps={{ "aria-label": t("signing.showPassword") }}
            label={t("signing.password")}
            autoComplete="current-password"
            required
            withAsterisk={false}
            ref={password}
            description={caps.isOn && <CapsLockHint />}
            {...caps.handlers}
            {...fields.of("password")}
          />
          {hasAccount ? (
            <TextInput
              label={t("signing.account")}
              description={t("signing.accountHint")}
              autoCapitalize="none"
              spellCheck={false}
              {...fields.of("account")}
            />
          ) : (
            <Anchor component="button" type="button" size="sm" ta="start" onClick={() => setHasAccount(true)}>
              {t("signing.otherAccount")}
            </Anchor>
          )}
          <Button type="submit" loading={signIn.isPending} fullWidth>
            {t("signing.submit")}
          </Button>
          <Text size="sm" c="dimmed">
            {t("signing.firstTime")}
          </Text>
        </Stack>
      </form>
    </SigningFrame>
  );
}

/** Back to where one was, if that is one of our own routes: an address of elsewhere is never followed. */
function ownPath(then: string | null): string {
  return then?.startsWith("/") && !then.startsWith("//") ? then : "/";
}
