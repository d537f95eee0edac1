import { Anchor, Group, Stack, Text, Title } from "@mantine/core";
import { IconBook2 } from "@tabler/icons-react";
import { type ReactNode, useEffect } from "react";
import { Link } from "react-router";
import { useWords } from "~/words/useWords";

/** Where the how-to pages stand; opened by whoever follows the link, loaded by nothing else. */
const HOW_TO = "https://github.com/whimbrel-ota/whimbrel/blob/main/docs/how-to/";

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
          <Anchor href={`${HOW_TO}${howTo}.md`} target="_blank" rel="noreferrer" size="sm" mr="xs">
            <Group component="span" gap={4} display="inline-flex">
              <IconBook2 size={16} aria-hidden />
              {t("common.howTo")}
            </Group>
          </Anchor>
        )}
        {actions}
      </Group>
    </Group>
  );
}
