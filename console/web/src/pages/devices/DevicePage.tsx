import { Anchor, Group, Skeleton, Stack } from "@mantine/core";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { useCall, useLiveCall } from "~/api/hooks";
import type { Answer } from "~/api/types";
import { ErrorNote } from "~/parts/ErrorNote";
import { Hash } from "~/parts/Hash";
import { PageHeader } from "~/parts/PageHeader";
import { StatusBadge } from "~/parts/StatusBadge";
import { Time } from "~/parts/Time";
import { useWords } from "~/words/useWords";
import { DeviceMenu } from "./parts/DeviceMenu";
import { type Asked, Dialogs } from "./parts/Dialogs";
import classes from "./parts/devices.module.css";
import { wireOf } from "./parts/names";
import { Groups, Tags } from "./story/Belongs";
import { Card } from "./story/Card";
import { Credentials } from "./story/Credentials";
import { Ddi } from "./story/Ddi";
import { Events } from "./story/Events";
import { Presence } from "./story/Presence";
import { Tasks } from "./story/Tasks";
import { Versions } from "./story/Versions";
import { Why } from "./story/Why";

type Detail = Answer<"QueryDeviceDetail">["data"];
type State = Answer<"BatchGetDeviceState">["deviceStatusList"]["deviceStatus"][number];

/** What is with this device: all that is known of it, what stands in its way first. */
export default function DevicePage() {
  const { t } = useWords();
  const go = useNavigate();
  const { productKey = "", deviceName = "" } = useParams();
  const device = { productKey, deviceName };
  const [asked, setAsked] = useState<Asked | null>(null);
  const detail = useCall("QueryDeviceDetail", wireOf(device));
  const watched = useLiveCall("BatchGetDeviceState", { ProductKey: productKey, DeviceName: [deviceName] });
  const now = watched.data?.deviceStatusList.deviceStatus[0];
  const found = detail.data?.data;
  return (
    <>
      <PageHeader
        title={deviceName}
        crumbs={[{ title: t("devices.title"), to: "/devices" }]}
        howTo="console-device-story"
        actions={
          found && (
            <DeviceMenu
              device={{ ...device, state: now?.status ?? found.status, nickname: found.nickname }}
              onAsk={setAsked}
              isWide
            />
          )
        }
      >
        {found && <Marks detail={found} now={now} />}
      </PageHeader>
      {detail.error ? (
        <ErrorNote error={detail.error} onRetry={() => void detail.refetch()} />
      ) : found === undefined ? (
        <Skeleton h={260} aria-busy />
      ) : (
        <Stack gap="md">
          <Why device={device} />
          <div className={classes.columns}>
            <Stack gap="md">
              <Tasks device={device} />
              <Events device={device} />
            </Stack>
            <Stack gap="md">
              <Versions device={device} />
              <Presence device={device} />
              <About detail={found} now={now} />
              <Groups device={device} onAsk={setAsked} />
              <Tags device={device} onAsk={setAsked} />
              <Ddi device={device} />
              <Credentials device={device} />
            </Stack>
          </div>
        </Stack>
      )}
      <Dialogs asked={asked} onClose={() => setAsked(null)} onDeleted={() => void go("/devices")} />
    </>
  );
}

function Marks({ detail, now }: { detail: Detail; now: State | undefined }) {
  const { t } = useWords();
  return (
    <Group gap="sm" mt={4} aria-live="polite">
      <StatusBadge kind="device" status={now?.status ?? detail.status} />
      {now !== undefined && (
        <span>
          {t("devices.since")} <Time at={now.timestamp} />
        </span>
      )}
      <Anchor component={Link} to={`/products/${detail.productKey}`} size="sm">
        {detail.productName}
      </Anchor>
      {detail.nickname !== "" && <span>{detail.nickname}</span>}
    </Group>
  );
}

function About({ detail, now }: { detail: Detail; now: State | undefined }) {
  const { t } = useWords();
  return (
    <Card title={t("devices.about")}>
      <dl className={classes.facts}>
        <dt>{t("devices.nickname")}</dt>
        <dd>{detail.nickname || "–"}</dd>
        <dt>{t("devices.address")}</dt>
        <dd>{now?.asAddress || detail.ipAddress || "–"}</dd>
        <dt>{t("devices.seen")}</dt>
        <dd>{now?.status === "ONLINE" ? t("devices.now") : <Time at={detail.utcOnline} />}</dd>
        <dt>{t("devices.activated")}</dt>
        <dd>
          <Time at={detail.utcActive} />
        </dd>
        <dt>{t("devices.created")}</dt>
        <dd>
          <Time at={detail.utcCreate} />
        </dd>
        <dt>{t("devices.iotId")}</dt>
        <dd>
          <Hash value={detail.iotId} of={t("devices.iotId")} />
        </dd>
      </dl>
    </Card>
  );
}
