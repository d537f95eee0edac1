import { Box, Group, Paper, Title } from "@mantine/core";
import { type ReactNode, useId } from "react";

interface CardProps {
  title: string;
  aside?: ReactNode;
  /** A table, which has a frame of its own. */
  isTable?: boolean;
  children: ReactNode;
}

/** One part of the story, with its heading. */
export function Card({ title, aside, isTable, children }: CardProps) {
  const id = useId();
  const content = (
    <>
      <Group justify="space-between" mb="sm" gap="xs">
        <Title order={2} size="h5" id={id}>
          {title}
        </Title>
        {aside}
      </Group>
      {children}
    </>
  );
  if (isTable) {
    return (
      <Box component="section" aria-labelledby={id}>
        {content}
      </Box>
    );
  }
  return (
    <Paper component="section" withBorder p="md" bg="var(--surface)" aria-labelledby={id}>
      {content}
    </Paper>
  );
}
