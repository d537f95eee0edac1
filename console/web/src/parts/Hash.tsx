import { Code, Group, Tooltip } from "@mantine/core";
import { CopyButton } from "./CopyButton";

const SHOWN = 12;

/** A digest or another long id: its beginning, the whole on hover and to copy. */
export function Hash({ value, of }: { value: string; of?: string }) {
  if (value === "") return null;
  return (
    <Group component="span" gap={2} display="inline-flex" wrap="nowrap">
      <Tooltip label={value}>
        <Code>{value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value}</Code>
      </Tooltip>
      <CopyButton value={value} of={of} />
    </Group>
  );
}
