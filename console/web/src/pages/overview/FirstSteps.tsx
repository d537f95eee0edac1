import { Button, Group, Stack, Text, ThemeIcon } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { Link } from "react-router";
import { useMay } from "~/api/hooks";
import { Section } from "~/parts/Section";
import { useWords } from "~/words/useWords";
import classes from "./overview.module.css";
import { nextStep, STEP_ACTIONS, STEP_PLACES, STEPS, type Step } from "./steps";

/** From nothing to the first rollout. */
export function FirstSteps({ steps }: { steps: Record<Step, boolean> }) {
  const { t } = useWords();
  const may = useMay();
  const next = nextStep(steps);
  const done = STEPS.filter((step) => steps[step]).length;
  return (
    <Section
      title={t(done === 0 ? "overview.welcome" : "overview.goOn")}
      hint={t("overview.stepsDone", { done, all: STEPS.length })}
    >
      <Stack component="ol" gap={0} className={classes.steps}>
        {STEPS.map((step, index) => (
          <li key={step} className={classes.step} data-next={step === next || undefined}>
            <ThemeIcon radius="xl" size={30} variant={steps[step] ? "filled" : "light"} color="marsh" aria-hidden>
              {steps[step] ? <IconCheck size={17} /> : <span>{index + 1}</span>}
            </ThemeIcon>
            <div className={classes.stepText}>
              <Text fw={600} size="sm" c={steps[step] ? "dimmed" : undefined}>
                {t(`overview.step.${step}`)}
                {steps[step] && ` · ${t("overview.done")}`}
              </Text>
              <Text size="sm" c="dimmed">
                {t(`overview.hint.${step}`)}
              </Text>
            </div>
            {step === next && may(STEP_ACTIONS[step]) && (
              <Group className={classes.stepAction}>
                <Button component={Link} to={STEP_PLACES[step]} size="xs">
                  {t(`overview.do.${step}`)}
                </Button>
              </Group>
            )}
          </li>
        ))}
      </Stack>
    </Section>
  );
}
