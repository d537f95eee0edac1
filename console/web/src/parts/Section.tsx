import { Group, Paper, Text, Title } from "@mantine/core";
import { type ReactNode, useId } from "react";

interface SectionProps {
  title: string;
  /** What the part is about, in a sentence. */
  hint?: ReactNode;
  /** At the right of the title: a link to all rows, a button. */
  actions?: ReactNode;
  children: ReactNode;
}

/** One part of a page: a landmark with its own `h2`. */
export function Section({ title, hint, actions, children }: SectionProps) {
  const id = useId();
  return (
    <Paper component="section" withBorder p="lg" bg="var(--surface)" aria-labelledby={id}>
      <Group justify="space-between" align="flex-start" gap="xs" mb="md">
        <div>
          <Title order={2} size="h4" id={id}>
            {title}
          </Title>
          {hint && (
            <Text component="div" size="sm" c="dimmed">
              {hint}
            </Text>
          )}
        </div>
        {actions}
      </Group>
      {children}
    </Paper>
  );
}
