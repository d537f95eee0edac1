import { Text, VisuallyHidden } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { type DragEvent, useRef, useState } from "react";
import { useWords } from "~/words/useWords";
import classes from "./parts.module.css";

interface FileDropProps {
  onFiles: (files: File[]) => void;
  isMultiple?: boolean;
  disabled?: boolean;
  /** Under the words: what is taken. */
  hint?: string;
}

/** A place to drop files on; a file input underneath, so that keyboards and phones have the same. */
export function FileDrop({ onFiles, isMultiple = false, disabled = false, hint }: FileDropProps) {
  const { t } = useWords();
  const [isOver, setIsOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const take = (files: FileList | null) => {
    const taken = [...(files ?? [])].slice(0, isMultiple ? undefined : 1);
    if (taken.length > 0 && !disabled) onFiles(taken);
    if (input.current) input.current.value = ""; // the same file may be chosen again
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    take(event.dataTransfer.files);
  };
  const onDragOver = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(true);
  };
  return (
    <label
      className={classes.drop}
      data-over={isOver || undefined}
      onDrop={onDrop}
      onDragOver={onDragOver}
      onDragLeave={() => setIsOver(false)}
    >
      <IconUpload size={28} stroke={1.5} aria-hidden />
      <Text fw={550}>{t("common.dropFile")}</Text>
      {hint && (
        <Text size="sm" c="dimmed">
          {hint}
        </Text>
      )}
      <VisuallyHidden>
        <input
          ref={input}
          type="file"
          multiple={isMultiple}
          disabled={disabled}
          onChange={(event) => take(event.currentTarget.files)}
        />
      </VisuallyHidden>
    </label>
  );
}
