import { Alert, Button, Divider, Stack } from "@mantine/core";
import { IconAlertTriangle, IconLogin2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { send } from "~/api/client";
import type { WordKey } from "~/words/catalogue";
import { useWords } from "~/words/useWords";

const PROBLEMS = ["provider", "expired", "denied", "refused"];

/** The way in by an identity provider, where the server has one: a page to go to, not a call. */
export function ProviderButton({ then }: { then: string }) {
  const { t } = useWords();
  const options = useQuery({
    queryKey: ["sign-in-options"],
    queryFn: () => send("sign-in/options"),
    staleTime: 60_000,
  });
  if (options.data?.oidc !== true) return null;
  return (
    <Stack gap="md">
      <Button
        component="a"
        href={`api/oidc-start?then=${encodeURIComponent(then)}`}
        variant="default"
        leftSection={<IconLogin2 size={18} aria-hidden />}
        fullWidth
      >
        {t("signing.byProvider")}
      </Button>
      <Divider label={t("signing.orPassword")} />
    </Stack>
  );
}

/** Why the identity provider's word let nobody in, as the server sent the browser back. */
export function ProviderProblem({ problem }: { problem: string | null }) {
  const { t } = useWords();
  if (problem === null) return null;
  const known = PROBLEMS.includes(problem) ? problem : "refused";
  return (
    <Alert color="clay" icon={<IconAlertTriangle aria-hidden />} title={t("signing.notIn")} role="alert">
      {t(`signing.problem.${known}` as WordKey)}
    </Alert>
  );
}
