import { Table } from "@mantine/core";
import type { ReactNode } from "react";

/** Names and what they are, one below the other. What is null is left out. */
export function FactList({ label, facts }: { label: string; facts: [name: string, value: ReactNode][] }) {
  return (
    <Table aria-label={label} fz="sm" verticalSpacing={6} horizontalSpacing={0} withRowBorders={false} layout="fixed">
      <Table.Tbody>
        {facts
          .filter(([, value]) => value !== null && value !== "")
          .map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={400} c="dimmed" w="38%" style={{ verticalAlign: "top" }}>
                {name}
              </Table.Th>
              <Table.Td style={{ overflowWrap: "anywhere" }}>{value}</Table.Td>
            </Table.Tr>
          ))}
      </Table.Tbody>
    </Table>
  );
}
