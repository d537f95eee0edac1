import { Badge } from "@mantine/core";
import { IconBan, IconCheck } from "@tabler/icons-react";
import { useWords } from "~/words/useWords";

/** Whether it was done, or refused for want of a right. */
export function OutcomeBadge({ outcome }: { outcome: string }) {
  const { maybe } = useWords();
  const isDone = outcome === "ACCEPTED";
  const Icon = isDone ? IconCheck : IconBan;
  return (
    <Badge
      color={isDone ? "marsh" : "clay"}
      variant="light"
      tt="none"
      fw={600}
      miw="max-content"
      leftSection={<Icon size={13} stroke={2.2} aria-hidden />}
    >
      {maybe(`audit.outcome.${outcome}`, outcome)}
    </Badge>
  );
}
