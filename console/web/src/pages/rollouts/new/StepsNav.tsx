import { UnstyledButton } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useWords } from "~/words/useWords";
import wizard from "./wizard.module.css";

export const STEPS = ["package", "target", "care", "preview"] as const;
export type Step = (typeof STEPS)[number];

interface StepsNavProps {
  step: Step;
  /** The furthest that may be gone to. */
  reached: number;
  /** What was chosen in each, in some words. */
  choices: Partial<Record<Step, string>>;
  onGo: (step: Step) => void;
}

/** Where one is in the wizard, and the way back to what was said. */
export function StepsNav({ step, reached, choices, onGo }: StepsNavProps) {
  const { t, format } = useWords();
  const at = STEPS.indexOf(step);
  return (
    <nav aria-label={t("wizard.steps")}>
      <ol className={wizard.steps}>
        {STEPS.map((name, index) => (
          <li key={name}>
            <UnstyledButton
              className={wizard.step}
              aria-current={name === step ? "step" : undefined}
              data-done={index < at || undefined}
              disabled={index > reached}
              onClick={() => onGo(name)}
            >
              <span className={wizard.stepMark} aria-hidden>
                {index < at ? <IconCheck size={16} stroke={2.5} /> : format.number(index + 1)}
              </span>
              <span className={wizard.stepWords}>
                {t(`wizard.step.${name}`)}
                {index < at && choices[name] && <span className={wizard.stepChoice}>{choices[name]}</span>}
              </span>
            </UnstyledButton>
          </li>
        ))}
      </ol>
    </nav>
  );
}
