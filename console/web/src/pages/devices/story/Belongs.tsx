import { ActionIcon, Anchor, Badge, Button, Group, Skeleton, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { Link } from "react-router";
import { useCall, useChange, useMay } from "~/api/hooks";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import type { Asked } from "../parts/Dialogs";
import classes from "../parts/devices.module.css";
import { type Named, wireOf } from "../parts/names";
import { Card } from "./Card";
import { tagsIn } from "./reading";

interface BelongsProps {
  device: Named;
  onAsk: (asked: Asked) => void;
}

/** The groups that hold the device. */
export function Groups({ device, onAsk }: BelongsProps) {
  const { t } = useWords();
  const may = useMay();
  const groups = useCall("QueryDeviceGroupByDevice", wireOf(device));
  const leave = useChange("BatchDeleteDeviceGroupRelations", { onDone: () => showDone(t("devices.leftGroup")) });
  const rows = groups.data?.groupInfos.groupInfo;
  return (
    <Card
      title={t("devices.groups")}
      aside={
        may("BatchAddDeviceGroupRelations") && (
          <Button variant="subtle" size="compact-xs" onClick={() => onAsk({ what: "group", devices: [device] })}>
            {t("devices.addToGroup")}
          </Button>
        )
      }
    >
      {rows === undefined && !groups.error && <Skeleton h={20} aria-busy />}
      {rows?.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("devices.noGroups")}
        </Text>
      )}
      <ul className={classes.lines}>
        {rows?.map((group) => (
          <li key={group.groupId}>
            <Anchor component={Link} to={`/groups/${group.groupId}`} size="sm">
              {group.groupName}
            </Anchor>
            {group.groupType === "LINK_PLATFORM" ? (
              may("BatchDeleteDeviceGroupRelations") && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size="sm"
                  aria-label={t("devices.leaveGroup", { name: group.groupName })}
                  onClick={() => leave.mutate({ GroupId: group.groupId, Device: [wireOf(device)] })}
                >
                  <IconX size={15} aria-hidden />
                </ActionIcon>
              )
            ) : (
              <Text size="xs" c="dimmed">
                {t("devices.byRule")}
              </Text>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** What people say of the device; each tag leads to all devices that have it. */
export function Tags({ device, onAsk }: BelongsProps) {
  const { t } = useWords();
  const may = useMay();
  const props = useCall("QueryDeviceProp", wireOf(device));
  const remove = useChange("DeleteDeviceProp", { onDone: () => showDone(t("devices.tagRemoved")) });
  const tags = props.data && tagsIn(props.data.props);
  return (
    <Card
      title={t("devices.tags")}
      aside={
        may("SaveDeviceProp") && (
          <Button variant="subtle" size="compact-xs" onClick={() => onAsk({ what: "tag", devices: [device] })}>
            {t("devices.setTag")}
          </Button>
        )
      }
    >
      {tags === undefined && !props.error && <Skeleton h={20} aria-busy />}
      {tags?.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("devices.noTags")}
        </Text>
      )}
      <ul className={classes.lines}>
        {tags?.map(([key, value]) => (
          <li key={key}>
            <Group gap={6}>
              <Badge variant="default" tt="none" fw={500}>
                {key}
              </Badge>
              <Anchor component={Link} to={`/devices?${new URLSearchParams({ tag: `${key}=${value}` })}`} size="sm">
                {value}
              </Anchor>
            </Group>
            {may("DeleteDeviceProp") && (
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                aria-label={t("devices.removeTag", { name: key })}
                onClick={() => remove.mutate({ ...wireOf(device), PropKey: key })}
              >
                <IconX size={15} aria-hidden />
              </ActionIcon>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
