import { Tooltip } from "@mantine/core";
import { useWords } from "~/words/useWords";

/** A size for people; to the byte on hover. */
export function Bytes({ sizeBytes }: { sizeBytes: number }) {
  const { format } = useWords();
  return (
    <Tooltip label={`${format.number(sizeBytes)} B`}>
      <span>{format.bytes(sizeBytes)}</span>
    </Tooltip>
  );
}
