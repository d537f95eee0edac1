import { Text, TextInput, type TextInputProps, VisuallyHidden } from "@mantine/core";
import { type KeyboardEvent, useState } from "react";
import { useWords } from "~/words/useWords";
import { type Amount, amountOf, type Bounds, isWithin, stepped } from "./amount";

interface NumberFieldProps extends Omit<TextInputProps, "value" | "onChange" | "rightSection"> {
  value: Amount;
  onChange: (value: Amount) => void;
  bounds: Bounds;
  /** Stands behind the number, and is read out with the label. */
  unit?: string;
}

const STEPS: Record<string, 1 | -1> = { ArrowUp: 1, ArrowDown: -1 };

/** A number to type. Letters do not come in; out of its bounds it says which they are, and keeps what was typed. */
export function NumberField({ value, onChange, bounds, unit, label, error, readOnly, ...props }: NumberFieldProps) {
  const { t, format } = useWords();
  const [typed, setTyped] = useState("");
  // "5." is a five that is not finished; but what came from elsewhere is shown as it is.
  const text = amountOf(typed, bounds) === value ? typed : String(value);
  const put = (next: string) => {
    const amount = amountOf(next, bounds);
    if (amount === null) return;
    setTyped(next);
    onChange(amount);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = STEPS[event.key];
    if (by === undefined || readOnly) return;
    event.preventDefault();
    put(String(stepped(value, by, bounds)));
  };
  const range = { least: format.number(bounds.least), most: format.number(bounds.most) };
  return (
    <TextInput
      {...props}
      label={unit === undefined ? label : <Label text={label} unit={unit} />}
      value={text}
      onChange={(event) => put(event.currentTarget.value)}
      onBlur={() => setTyped(String(value))}
      onKeyDown={onKeyDown}
      inputMode={bounds.decimals ? "decimal" : "numeric"}
      autoComplete="off"
      readOnly={readOnly}
      error={error ?? (isWithin(value, bounds) ? undefined : t("common.between", range))}
      rightSection={
        unit === undefined ? undefined : (
          <Text span size="sm" c="dimmed" aria-hidden>
            {unit}
          </Text>
        )
      }
      rightSectionWidth={unit === undefined ? undefined : 26 + 7 * unit.length}
      rightSectionPointerEvents="none"
    />
  );
}

function Label({ text, unit }: { text: TextInputProps["label"]; unit: string }) {
  return (
    <>
      {text}
      <VisuallyHidden>{` (${unit})`}</VisuallyHidden>
    </>
  );
}
