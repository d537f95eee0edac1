import { Group, Text } from "@mantine/core";
import { CopyButton } from "~/parts/CopyButton";

/** A key or secret as it is, to copy. */
export function Secret({ value, of }: { value: string; of: string }) {
  return (
    <Group component="span" gap={4} display="inline-flex" wrap="nowrap">
      <Text component="span" ff="monospace" size="sm" style={{ overflowWrap: "anywhere" }}>
        {value}
      </Text>
      <CopyButton value={value} of={of} />
    </Group>
  );
}
