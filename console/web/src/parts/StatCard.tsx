import { Paper, Skeleton, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useWords } from "~/words/useWords";
import classes from "./parts.module.css";

interface StatCardProps {
  label: string;
  value: number | undefined;
  /** The rows behind the number. */
  to: string;
  icon?: ReactNode;
  /** Under the number: a share, a change, what it means. */
  note?: ReactNode;
  /** A palette's name: for numbers that ought to be zero. */
  color?: string;
}

/** One number, which leads to its rows. */
export function StatCard({ label, value, to, icon, note, color }: StatCardProps) {
  const { format } = useWords();
  return (
    <Paper component={Link} to={to} withBorder p="md" className={classes.stat}>
      <span className={classes.statLabel}>
        {icon}
        {label}
      </span>
      {value === undefined ? (
        <Skeleton h={30} w={90} my={4} />
      ) : (
        <Text
          component="span"
          className={classes.statValue}
          c={color && value > 0 ? `var(--mantine-color-${color}-text)` : undefined}
        >
          {format.number(value)}
        </Text>
      )}
      {note && (
        <Text component="span" size="sm" c="dimmed">
          {note}
        </Text>
      )}
    </Paper>
  );
}
