import { type ChangeEvent, type FormEvent, useState } from "react";

type Texts = Record<string, string>;
type Rules<Values> = Partial<Record<keyof Values, (value: string, values: Values) => string | null>>;

export interface Fields<Values extends Texts> {
  values: Values;
  /** What an input of that name needs; a rule's words stand beside it once it was sent, until it is changed. */
  of: (name: keyof Values) => {
    value: string;
    error: string | null;
    onChange: (event: ChangeEvent<HTMLInputElement>) => void;
  };
  set: (name: keyof Values, value: string) => void;
  reset: () => void;
  onSubmit: (send: (values: Values) => void) => (event: FormEvent) => void;
}

/** Three forms with a few texts each: a library of forms would be a fiftieth of the console. */
export function useFields<Values extends Texts>(initial: Values, rules: Rules<Values> = {}): Fields<Values> {
  const [values, setValues] = useState(initial);
  const [errors, setErrors] = useState<Partial<Record<keyof Values, string | null>>>({});
  const set = (name: keyof Values, value: string) => {
    setValues((now) => ({ ...now, [name]: value }));
    setErrors((now) => ({ ...now, [name]: null }));
  };
  return {
    values,
    of: (name) => ({
      value: values[name] ?? "",
      error: errors[name] ?? null,
      onChange: (event) => set(name, event.currentTarget.value),
    }),
    set,
    reset: () => {
      setValues(initial);
      setErrors({});
    },
    onSubmit: (send) => (event) => {
      event.preventDefault();
      const found = Object.keys(rules).map((name) => [name, rules[name]?.(values[name] ?? "", values) ?? null]);
      setErrors(Object.fromEntries(found));
      if (found.every(([, words]) => words === null)) send(values);
    },
  };
}
