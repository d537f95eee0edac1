import { Group, Paper, Title } from "@mantine/core";
import { type ReactNode, useId } from "react";

interface CardProps {
  title: string;
  children: ReactNode;
  /** Beside the title. */
  action?: ReactNode;
}

/** One part of a page, with its heading. */
export function Card({ title, children, action }: CardProps) {
  const id = useId();
  return (
    <Paper withBorder p="lg" bg="var(--surface)" component="section" aria-labelledby={id}>
      <Group justify="space-between" mb="sm" gap="xs">
        <Title order={2} size="h4" id={id}>
          {title}
        </Title>
        {action}
      </Group>
      {children}
    </Paper>
  );
}
