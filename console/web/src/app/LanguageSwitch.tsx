import { ActionIcon, Menu } from "@mantine/core";
import { IconLanguage } from "@tabler/icons-react";
import { LANGUAGE_NAMES, LANGUAGES, LOCALES } from "~/words/language";
import { useWords } from "~/words/useWords";

/** Each language by its own name: who cannot read the page finds theirs. */
export function LanguageSwitch() {
  const { t, language, choose } = useWords();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("shell.language")}>
          <IconLanguage size={19} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {LANGUAGES.map((one) => (
          <Menu.Item key={one} lang={LOCALES[one]} onClick={() => choose(one)} fw={one === language ? 650 : undefined}>
            {LANGUAGE_NAMES[one]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
