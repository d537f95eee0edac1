import { ActionIcon, Menu, useMantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconMoon, IconSun } from "@tabler/icons-react";
import type { WordKey } from "~/words/catalogue";
import { useWords } from "~/words/useWords";

const SCHEMES = [
  { value: "light", title: "shell.light", icon: IconSun },
  { value: "dark", title: "shell.dark", icon: IconMoon },
  { value: "auto", title: "shell.auto", icon: IconDeviceDesktop },
] as const satisfies readonly { value: string; title: WordKey; icon: typeof IconSun }[];

/** Light, dark, or as the system is. */
export function SchemeSwitch() {
  const { t } = useWords();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Current = SCHEMES.find(({ value }) => value === colorScheme)?.icon ?? IconDeviceDesktop;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("shell.scheme")}>
          <Current size={19} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {SCHEMES.map(({ value, title, icon: Icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={16} aria-hidden />}
            onClick={() => setColorScheme(value)}
            fw={value === colorScheme ? 650 : undefined}
          >
            {t(title)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
