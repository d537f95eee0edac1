import { Anchor, Group, Stack, Text, Title } from "@mantine/core";
import { lazy, type ReactNode, Suspense, useEffect } from "react";
import { Link } from "react-router";
import { useWords } from "~/words/useWords";

// Nobody who does not look for help waits for it.
const HowTo = lazy(async () => ({ default: (await import("./HowTo")).HowTo }));

export interface Crumb {
  title: string;
  to: string;
}

interface PageHeaderProps {
  title: string;
  /** Under the title: what the page is about, or marks of the one thing it shows. */
  children?: ReactNode;
  /** Buttons, the most wanted last. */
  actions?: ReactNode;
  /** The pages above this one. */
  crumbs?: Crumb[];
  /** A page of docs/how-to, without its ending. */
  howTo?: string;
}

/** The head of every page: one `h1`, the browser's title, what can be done here. */
export function PageHeader({ title, children, actions, crumbs = [], howTo }: PageHeaderProps) {
  const { t } = useWords();
  useEffect(() => {
    document.title = `${title} · Whimbrel`;
  }, [title]);
  return (
    <Group component="header" justify="space-between" align="flex-end" gap="md" mb="lg">
      <Stack gap={4}>
        {crumbs.length > 0 && (
          <nav aria-label={t("common.crumbs")}>
            <Group gap={6}>
              {crumbs.map((crumb) => (
                <Text key={crumb.to} size="sm" c="dimmed">
                  <Anchor component={Link} to={crumb.to} inherit>
                    {crumb.title}
                  </Anchor>
                  {" /"}
                </Text>
              ))}
            </Group>
          </nav>
        )}
        <Title order={1} size="h2">
          {title}
        </Title>
        {children && (
          <Text component="div" c="dimmed" size="sm">
            {children}
          </Text>
        )}
      </Stack>
      <Group gap="xs">
        {howTo && (
          <Suspense fallback={null}>
            <HowTo page={howTo} />
          </Suspense>
        )}
        {actions}
      </Group>
    </Group>
  );
}
