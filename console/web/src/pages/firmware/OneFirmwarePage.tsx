import { Button, Code, Grid, Group, Skeleton, Stack } from "@mantine/core";
import { IconRocket } from "@tabler/icons-react";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { useCall, useChange, useLiveCall, useMay } from "~/api/hooks";
import type { Answer } from "~/api/types";
import { ConfirmTyped } from "~/parts/ConfirmTyped";
import { ErrorNote } from "~/parts/ErrorNote";
import { PageHeader } from "~/parts/PageHeader";
import { StatusBadge } from "~/parts/StatusBadge";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import { EditDialog } from "./one/EditDialog";
import { Facts } from "./one/Facts";
import { Files } from "./one/Files";
import { Rollouts } from "./one/Rollouts";
import { Use } from "./one/Use";
import { Verification } from "./one/Verification";

export type Firmware = Answer<"QueryOTAFirmware">["firmwareInfo"];
type Shown = "edit" | "delete" | null;

const ON_LIST_MAX = 100;
const MAY_GO_OUT = [-1, 1]; // needs no verification, verified

export default function OneFirmwarePage() {
  const { t } = useWords();
  const { firmwareId = "" } = useParams();
  const whole = useCall("QueryOTAFirmware", { FirmwareId: firmwareId });
  // The whole has download links, which are others each second: what changes here by itself is in the list's row.
  const info = whole.data?.firmwareInfo;
  const rows = useLiveCall(
    "ListOTAFirmware",
    {
      ProductKey: info?.productKey ?? "",
      DestVersion: info?.destVersion ?? "",
      CurrentPage: 1,
      PageSize: ON_LIST_MAX,
    },
    { enabled: info !== undefined },
  );
  const row = rows.data?.firmwareInfo.simpleFirmwareInfo.find((one) => one.firmwareId === firmwareId);
  const crumbs = [{ title: t("firmware.title"), to: "/firmware" }];
  if (info) return <OneFirmware firmware={{ ...info, ...row }} />;
  return (
    <>
      <PageHeader title={t("firmware.one", { id: firmwareId })} crumbs={crumbs} />
      {whole.error ? (
        <ErrorNote error={whole.error} onRetry={() => void whole.refetch()} />
      ) : (
        <Skeleton h={260} aria-busy />
      )}
    </>
  );
}

function OneFirmware({ firmware }: { firmware: Firmware }) {
  const { t } = useWords();
  const [shown, setShown] = useState<Shown>(null);
  const close = () => setShown(null);
  return (
    <>
      <PageHeader
        title={`${firmware.firmwareName} ${firmware.destVersion}`}
        crumbs={[{ title: t("firmware.title"), to: "/firmware" }]}
        howTo="console-firmware"
        actions={<Actions firmware={firmware} onShow={setShown} />}
      >
        <Group gap="xs" aria-live="polite">
          <StatusBadge kind="firmware" status={firmware.status} />
          {firmware.firmwareDesc}
        </Group>
      </PageHeader>
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack gap="lg">
            <Verification firmware={firmware} />
            <Use firmware={firmware} />
            <Rollouts firmware={firmware} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack gap="lg">
            <Facts firmware={firmware} />
            <Files firmware={firmware} />
          </Stack>
        </Grid.Col>
      </Grid>
      <EditDialog firmware={firmware} opened={shown === "edit"} onClose={close} />
      <DeleteDialog firmware={firmware} opened={shown === "delete"} onClose={close} />
    </>
  );
}

function Actions({ firmware, onShow }: { firmware: Firmware; onShow: (shown: Shown) => void }) {
  const { t } = useWords();
  const may = useMay();
  const isReady = MAY_GO_OUT.includes(firmware.status);
  return (
    <>
      {may("DeleteOTAFirmware") && (
        <Button variant="subtle" color="clay" onClick={() => onShow("delete")}>
          {t("common.delete")}
        </Button>
      )}
      {may("ModifyOTAFirmware") && (
        <Button variant="default" onClick={() => onShow("edit")}>
          {t("firmware.edit")}
        </Button>
      )}
      {may("CreateOTAStaticUpgradeJob") && isReady && (
        <Button
          component={Link}
          to={`/rollouts/new?firmware=${firmware.firmwareId}`}
          leftSection={<IconRocket size={17} aria-hidden />}
        >
          {t("firmware.rollOut")}
        </Button>
      )}
    </>
  );
}

interface DialogProps {
  firmware: Firmware;
  opened: boolean;
  onClose: () => void;
}

function DeleteDialog({ firmware, opened, onClose }: DialogProps) {
  const { t } = useWords();
  const navigate = useNavigate();
  const remove = useChange("DeleteOTAFirmware", {
    isQuiet: true,
    onDone: () => {
      showDone(t("firmware.deleted", { name: firmware.firmwareName }));
      navigate("/firmware");
    },
  });
  const close = () => {
    remove.reset();
    onClose();
  };
  return (
    <ConfirmTyped
      opened={opened}
      onClose={close}
      onConfirm={() => remove.mutate({ FirmwareId: firmware.firmwareId })}
      title={t("firmware.deleteTitle")}
      word={firmware.destVersion}
      confirmLabel={t("common.delete")}
      isPending={remove.isPending}
    >
      <Stack gap="sm">
        <span>
          {t("firmware.deleteHint")} <Code>{firmware.firmwareName}</Code>
        </span>
        {remove.error && <ErrorNote error={remove.error} />}
      </Stack>
    </ConfirmTyped>
  );
}
