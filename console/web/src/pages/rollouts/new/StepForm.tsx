import { Button, Group, Stack, Title } from "@mantine/core";
import { IconArrowLeft, IconArrowRight } from "@tabler/icons-react";
import { type FormEvent, type ReactNode, useEffect, useRef } from "react";
import { useWords } from "~/words/useWords";

interface StepFormProps {
  title: string;
  children: ReactNode;
  onNext: () => void;
  onBack?: () => void;
  isReady: boolean;
  nextLabel?: string;
  /** True when somebody came here by a step: the first page that is opened begins at its top. */
  takesFocus: boolean;
  /** Said beside the buttons: what is missing. */
  note?: ReactNode;
}

/** One step: a heading that gets the focus, what is asked, and the way on. Enter goes on. */
export function StepForm({ title, children, onNext, onBack, isReady, nextLabel, takesFocus, note }: StepFormProps) {
  const { t } = useWords();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (takesFocus) heading.current?.focus();
  }, [takesFocus]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) onNext();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="lg">
        <Title order={2} size="h3" tabIndex={-1} ref={heading} style={{ outline: "none" }}>
          {title}
        </Title>
        {children}
        <Group justify="space-between" gap="sm">
          {onBack ? (
            <Button variant="default" leftSection={<IconArrowLeft size={17} aria-hidden />} onClick={onBack}>
              {t("wizard.back")}
            </Button>
          ) : (
            <span />
          )}
          <Group gap="sm">
            {note}
            <Button type="submit" disabled={!isReady} rightSection={<IconArrowRight size={17} aria-hidden />}>
              {nextLabel ?? t("wizard.next")}
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}
