import { Group, Paper, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import { LanguageSwitch } from "~/app/LanguageSwitch";
import { Logo } from "~/app/Logo";
import { SchemeSwitch } from "~/app/SchemeSwitch";
import { useWords } from "~/words/useWords";
import classes from "./SigningFrame.module.css";

/** What stands around the two pages that nobody has signed in for. */
export function SigningFrame({ title, intro, children }: { title: string; intro: string; children: ReactNode }) {
  const { t } = useWords();
  useEffect(() => {
    document.title = `${title} · Whimbrel`;
  }, [title]);
  return (
    <div className={classes.page}>
      <Group component="header" justify="flex-end" p="md" gap={4}>
        <LanguageSwitch />
        <SchemeSwitch />
      </Group>
      <main className={classes.main}>
        <Stack w="100%" maw={400} gap="lg">
          <Group gap="sm" justify="center">
            <Logo size={44} />
            <Text fw={700} fz={26}>
              {t("shell.name")}
            </Text>
          </Group>
          <Paper withBorder p="xl" radius="lg" shadow="sm" bg="var(--surface)">
            <Stack gap="md">
              <div>
                <Title order={1} size="h3">
                  {title}
                </Title>
                <Text size="sm" c="dimmed">
                  {intro}
                </Text>
              </div>
              {children}
            </Stack>
          </Paper>
        </Stack>
      </main>
    </div>
  );
}
