import { Button, Code, Group, SimpleGrid, Skeleton, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconCpu, IconPencil, IconPlus, IconTrash } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useNavigate, useParams } from "react-router";
import { useChange, useLiveCall, useMay } from "~/api/hooks";
import type { Answer } from "~/api/types";
import { ConfirmTyped } from "~/parts/ConfirmTyped";
import { EmptyState } from "~/parts/EmptyState";
import { ErrorNote } from "~/parts/ErrorNote";
import { PageHeader } from "~/parts/PageHeader";
import { StatCard } from "~/parts/StatCard";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import { DeviceList } from "../devices/list/DeviceList";
import type { Row } from "../devices/list/useDevicePages";
import { FormDialog } from "../devices/parts/FormDialog";
import { wireOf } from "../devices/parts/names";
import { AddMembersDialog } from "./AddMembersDialog";
import { KindBadge } from "./GroupsPage";
import { Rollouts } from "./Rollouts";

type Detail = Answer<"QueryDeviceGroupInfo">["data"];
type Open = "add" | "delete" | "description" | null;

export default function GroupPage() {
  const { t } = useWords();
  const may = useMay();
  const { groupId = "" } = useParams();
  const [open, setOpen] = useState<Open>(null);
  const info = useLiveCall("QueryDeviceGroupInfo", { GroupId: groupId });
  const group = info.data?.data;
  const isStatic = group !== undefined && group.dynamicGroupExpression === undefined;
  const add = isStatic && may("BatchAddDeviceGroupRelations") && (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setOpen("add")}>
      {t("groups.addDevices")}
    </Button>
  );
  const filters = useMemo(() => ({ GroupId: groupId }), [groupId]);
  return (
    <>
      <PageHeader
        title={group?.groupName ?? t("groups.one", { id: groupId })}
        crumbs={[{ title: t("groups.title"), to: "/groups" }]}
        howTo="console-groups"
        actions={
          <>
            {group && <Changes onOpen={setOpen} />}
            {add}
          </>
        }
      >
        {group && (
          <Group gap="sm" mt={4}>
            <KindBadge type={isStatic ? "LINK_PLATFORM" : "LINK_PLATFORM_DYNAMIC"} />
            {group.groupDesc}
          </Group>
        )}
      </PageHeader>
      {info.error ? (
        <ErrorNote error={info.error} onRetry={() => void info.refetch()} />
      ) : group === undefined ? (
        <Skeleton h={220} aria-busy />
      ) : (
        <Stack gap="lg">
          {group.dynamicGroupExpression !== undefined && <Code block>{group.dynamicGroupExpression}</Code>}
          <Counts group={group} />
          <section aria-labelledby="group-devices">
            <Title order={2} size="h4" mb="sm" id="group-devices">
              {t("groups.devices")}
            </Title>
            <DeviceList
              filters={filters}
              empty={
                <EmptyState title={t("groups.noMembers")} icon={<IconCpu size={32} aria-hidden />} action={add}>
                  {isStatic ? t("groups.noMembersHint") : t("groups.noMatchesHint")}
                </EmptyState>
              }
              selectedActions={(rows, clear) =>
                isStatic && may("BatchDeleteDeviceGroupRelations") ? (
                  <RemoveButton groupId={groupId} rows={rows} onDone={clear} />
                ) : null
              }
            />
          </section>
          <Rollouts groupId={groupId} />
        </Stack>
      )}
      {open === "add" && <AddMembersDialog groupId={groupId} onClose={() => setOpen(null)} />}
      {group && open === "description" && <DescriptionDialog group={group} onClose={() => setOpen(null)} />}
      {group && <DeleteDialog group={group} opened={open === "delete"} onClose={() => setOpen(null)} />}
    </>
  );
}

function Changes({ onOpen }: { onOpen: (open: Open) => void }) {
  const { t } = useWords();
  const may = useMay();
  return (
    <>
      {may("DeleteDeviceGroup") && (
        <Button
          variant="light"
          color="clay"
          leftSection={<IconTrash size={17} aria-hidden />}
          onClick={() => onOpen("delete")}
        >
          {t("common.delete")}
        </Button>
      )}
      {may("UpdateDeviceGroup") && (
        <Button
          variant="default"
          leftSection={<IconPencil size={17} aria-hidden />}
          onClick={() => onOpen("description")}
        >
          {t("groups.describe")}
        </Button>
      )}
    </>
  );
}

/** Each number leads to its devices; left out where the server does not count. */
function Counts({ group }: { group: Detail }) {
  const { t } = useWords();
  const to = `/devices?group=${group.groupId}`;
  if (group.deviceCount === undefined) return <Text size="sm">{t("groups.notCounted")}</Text>;
  return (
    <SimpleGrid cols={{ base: 2, sm: 3 }} spacing="md">
      <StatCard label={t("groups.devices")} value={group.deviceCount} to={to} />
      {group.deviceOnline !== undefined && (
        <StatCard label={t("status.device.ONLINE")} value={group.deviceOnline} to={`${to}&state=ONLINE`} />
      )}
      {group.deviceActive !== undefined && (
        <StatCard
          label={t("status.device.UNACTIVE")}
          value={group.deviceCount - group.deviceActive}
          to={`${to}&state=UNACTIVE`}
        />
      )}
    </SimpleGrid>
  );
}

function RemoveButton({ groupId, rows, onDone }: { groupId: string; rows: Row[]; onDone: () => void }) {
  const { t } = useWords();
  const remove = useChange("BatchDeleteDeviceGroupRelations", {
    onDone: (answer) => {
      showDone(t("groups.removed", { count: answer.successDeviceCount }));
      onDone();
    },
  });
  return (
    <Button
      variant="light"
      color="clay"
      size="xs"
      loading={remove.isPending}
      onClick={() => remove.mutate({ GroupId: groupId, Device: rows.map(wireOf) })}
    >
      {t("groups.remove")}
    </Button>
  );
}

function DescriptionDialog({ group, onClose }: { group: Detail; onClose: () => void }) {
  const { t } = useWords();
  const [text, setText] = useState(group.groupDesc);
  const save = useChange("UpdateDeviceGroup", {
    onDone: () => {
      showDone(t("groups.described"));
      onClose();
    },
  });
  return (
    <FormDialog
      opened
      onClose={onClose}
      onSubmit={() => save.mutate({ GroupId: group.groupId, GroupDesc: text.trim() })}
      title={t("groups.describe")}
      submitLabel={t("common.save")}
      isPending={save.isPending}
    >
      <TextInput
        label={t("groups.description")}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        maxLength={100}
        data-autofocus
      />
    </FormDialog>
  );
}

function DeleteDialog({ group, opened, onClose }: { group: Detail; opened: boolean; onClose: () => void }) {
  const { t } = useWords();
  const go = useNavigate();
  const remove = useChange("DeleteDeviceGroup", {
    onDone: () => {
      showDone(t("groups.deleted", { name: group.groupName }));
      void go("/groups");
    },
  });
  return (
    <ConfirmTyped
      opened={opened}
      onClose={onClose}
      onConfirm={() => remove.mutate({ GroupId: group.groupId })}
      title={t("groups.deleteTitle")}
      word={group.groupName}
      confirmLabel={t("common.delete")}
      isPending={remove.isPending}
    >
      {t("groups.deleteHint")}
    </ConfirmTyped>
  );
}
