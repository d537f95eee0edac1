import { Button, Group, Paper, Text } from "@mantine/core";
import { IconFolderPlus, IconRocket, IconTag } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useMay } from "~/api/hooks";
import { useWords } from "~/words/useWords";
import type { Asked } from "../parts/Dialogs";
import classes from "../parts/devices.module.css";
import type { Row } from "./useDevicePages";

const SELECTED_MAX = 200; // of one call: names of a rollout, devices for a group

interface SelectionBarProps {
  rows: Row[];
  onAsk: (asked: Asked) => void;
  onClear: () => void;
  onAll: () => void;
  children?: ReactNode;
}

/** What can be done with the selected devices. */
export function SelectionBar({ rows, onAsk, onClear, onAll, children }: SelectionBarProps) {
  const { t } = useWords();
  const may = useMay();
  const [first] = rows;
  const isOfOne = rows.every((row) => row.productKey === first?.productKey);
  const isTooMany = rows.length > SELECTED_MAX;
  const names = rows.map((row) => row.deviceName).join(",");
  const rollout = `/rollouts/new?product=${first?.productKey ?? ""}&names=${encodeURIComponent(names)}`;
  return (
    <Paper component="section" aria-label={t("devices.selection")} withBorder p="sm" mt="md" className={classes.bar}>
      <Group justify="space-between" gap="sm">
        <Group gap="xs">
          <Text size="sm" fw={600} role="status">
            {t("devices.selected", { count: rows.length })}
          </Text>
          <Button variant="subtle" size="compact-sm" onClick={onAll}>
            {t("devices.selectPage")}
          </Button>
          <Button variant="subtle" size="compact-sm" color="gray" onClick={onClear}>
            {t("devices.unselect")}
          </Button>
        </Group>
        <Group gap="xs">
          {isTooMany && (
            <Text size="sm" c="var(--mantine-color-clay-text)">
              {t("devices.tooMany", { count: SELECTED_MAX })}
            </Text>
          )}
          {children}
          {may("BatchAddDeviceGroupRelations") && (
            <Button
              variant="default"
              size="xs"
              disabled={isTooMany}
              leftSection={<IconFolderPlus size={16} aria-hidden />}
              onClick={() => onAsk({ what: "group", devices: rows })}
            >
              {t("devices.addToGroup")}
            </Button>
          )}
          {may("SaveDeviceProp") && (
            <Button
              variant="default"
              size="xs"
              disabled={isTooMany}
              leftSection={<IconTag size={16} aria-hidden />}
              onClick={() => onAsk({ what: "tag", devices: rows })}
            >
              {t("devices.setTag")}
            </Button>
          )}
          {may("CreateOTAStaticUpgradeJob") &&
            (isOfOne && !isTooMany ? (
              <Button component={Link} to={rollout} size="xs" leftSection={<IconRocket size={16} aria-hidden />}>
                {t("devices.rollOut")}
              </Button>
            ) : (
              <Text size="sm" c="dimmed">
                {t("devices.rollOutOneProduct")}
              </Text>
            ))}
        </Group>
      </Group>
    </Paper>
  );
}
