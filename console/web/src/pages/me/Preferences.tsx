import { Input, type MantineColorScheme, SegmentedControl, Stack, useMantineColorScheme } from "@mantine/core";
import { Section } from "~/parts/Section";
import { LANGUAGE_NAMES, LANGUAGES } from "~/words/language";
import { useWords } from "~/words/useWords";

const SCHEMES: MantineColorScheme[] = ["auto", "light", "dark"];

/** Language and colours, as this browser keeps them. */
export function Preferences() {
  const { t, language, choose } = useWords();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Section title={t("me.preferences")} hint={t("me.preferencesHint")}>
      <Stack gap="sm">
        <Input.Wrapper label={t("shell.language")} labelElement="div">
          <div>
            <SegmentedControl
              aria-label={t("shell.language")}
              value={language}
              onChange={(value) => choose(LANGUAGES.find((one) => one === value) ?? "en")}
              data={LANGUAGES.map((one) => ({ value: one, label: LANGUAGE_NAMES[one] }))}
            />
          </div>
        </Input.Wrapper>
        <Input.Wrapper label={t("shell.scheme")} labelElement="div">
          <div>
            <SegmentedControl
              aria-label={t("shell.scheme")}
              value={colorScheme}
              onChange={(value) => setColorScheme(SCHEMES.find((one) => one === value) ?? "auto")}
              data={SCHEMES.map((one) => ({ value: one, label: t(`shell.${one}` as "shell.auto") }))}
            />
          </div>
        </Input.Wrapper>
      </Stack>
    </Section>
  );
}
