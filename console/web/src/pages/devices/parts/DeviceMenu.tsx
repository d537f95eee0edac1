import { ActionIcon, Button, Menu } from "@mantine/core";
import {
  IconChevronDown,
  IconCircleCheck,
  IconCircleOff,
  IconDots,
  IconFolderPlus,
  IconPencil,
  IconRefresh,
  IconTag,
  IconTrash,
} from "@tabler/icons-react";
import { useChange, useMay } from "~/api/hooks";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import type { Asked } from "./Dialogs";
import { type Named, wireOf } from "./names";

interface DeviceMenuProps {
  device: Named & { state: string; nickname?: string };
  onAsk: (asked: Asked) => void;
  /** A button with words instead of dots. */
  isWide?: boolean;
}

/** What may be done with one device; nothing at all for who may not. */
export function DeviceMenu({ device, onAsk, isWide }: DeviceMenuProps) {
  const { t } = useWords();
  const may = useMay();
  const values = { name: device.deviceName };
  const enable = useChange("EnableThing", { onDone: () => showDone(t("devices.enabled", values)) });
  const disable = useChange("DisableThing", { onDone: () => showDone(t("devices.disabled", values)) });
  const reset = useChange("ResetThing", { onDone: () => showDone(t("devices.wasReset", values)) });
  const ask = (what: Asked["what"]) => () => onAsk({ what, devices: [device], nickname: device.nickname });
  if (!may("DisableThing") && !may("BatchAddDeviceGroupRelations")) return null;
  const label = t("devices.actionsOf", values);
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        {isWide ? (
          <Button variant="default" rightSection={<IconChevronDown size={16} aria-hidden />}>
            {t("devices.actions")}
          </Button>
        ) : (
          <ActionIcon variant="subtle" color="gray" aria-label={label}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        )}
      </Menu.Target>
      <Menu.Dropdown aria-label={label}>
        {may("BatchAddDeviceGroupRelations") && (
          <Menu.Item leftSection={<IconFolderPlus size={16} aria-hidden />} onClick={ask("group")}>
            {t("devices.addToGroup")}
          </Menu.Item>
        )}
        {may("DisableThing") && (
          <>
            <Menu.Item leftSection={<IconTag size={16} aria-hidden />} onClick={ask("tag")}>
              {t("devices.setTag")}
            </Menu.Item>
            <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={ask("nickname")}>
              {t("devices.setNickname")}
            </Menu.Item>
            <Menu.Divider />
            {device.state === "DISABLE" ? (
              <Menu.Item
                leftSection={<IconCircleCheck size={16} aria-hidden />}
                onClick={() => enable.mutate(wireOf(device))}
              >
                {t("devices.enable")}
              </Menu.Item>
            ) : (
              <Menu.Item
                leftSection={<IconCircleOff size={16} aria-hidden />}
                onClick={() => disable.mutate(wireOf(device))}
              >
                {t("devices.disable")}
              </Menu.Item>
            )}
            <Menu.Item leftSection={<IconRefresh size={16} aria-hidden />} onClick={() => reset.mutate(wireOf(device))}>
              {t("devices.reset")}
            </Menu.Item>
            <Menu.Item color="clay" leftSection={<IconTrash size={16} aria-hidden />} onClick={ask("delete")}>
              {t("devices.delete")}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
