import { Anchor, Skeleton, Text } from "@mantine/core";
import { Link } from "react-router";
import { useLiveCall } from "~/api/hooks";
import { ErrorNote } from "~/parts/ErrorNote";
import { Time } from "~/parts/Time";
import { useWords } from "~/words/useWords";
import classes from "../parts/devices.module.css";
import { type Named, wireOf } from "../parts/names";
import { Card } from "./Card";

const MODULES_MAX = 200;
const CHANGES_SHOWN = 12;

/** What each module reports now, and how it came there. */
export function Versions({ device }: { device: Named }) {
  const { t } = useWords();
  const now = useLiveCall("ListOTAModuleVersionsByDevice", { ...wireOf(device), PageSize: MODULES_MAX });
  const events = useLiveCall("XListDeviceEvents", { ...wireOf(device), Kind: "VERSION", PageSize: CHANGES_SHOWN });
  const modules = now.data?.data.simpleOTAModuleInfo;
  return (
    <Card title={t("devices.versions")}>
      {now.error && <ErrorNote error={now.error} onRetry={() => void now.refetch()} />}
      {!now.error && modules === undefined && <Skeleton h={40} aria-busy />}
      {modules?.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("devices.noVersion")}
        </Text>
      )}
      {modules !== undefined && modules.length > 0 && (
        <dl className={classes.facts}>
          {modules.map((one) => (
            <Module key={one.moduleName} device={device} name={one.moduleName} version={one.moduleVersion} />
          ))}
        </dl>
      )}
      {events.data !== undefined && events.data.data.event.length > 0 && (
        <ol className={classes.steps} aria-label={t("devices.versionsOverTime")}>
          {events.data.data.event.map((event) => (
            <li key={`${event.utcTime}${event.moduleName}`}>
              <Text size="sm">
                {event.moduleName !== "default" && `${event.moduleName} `}
                {event.srcVersion === undefined
                  ? t("devices.firstVersion", { version: event.destVersion ?? "" })
                  : `${event.srcVersion} → ${event.destVersion}`}
              </Text>
              <Text size="xs" c="dimmed" component="span">
                <Time at={event.utcTime} />
                {event.jobId !== undefined && (
                  <>
                    {" · "}
                    <Anchor component={Link} to={`/rollouts/${event.jobId}`} inherit td="underline">
                      {t("devices.ofRollout", { id: event.jobId })}
                    </Anchor>
                  </>
                )}
              </Text>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}

/** A version leads to all devices that report it. */
function Module({ device, name, version }: { device: Named; name: string; version: string }) {
  const query = new URLSearchParams({ product: device.productKey, version });
  if (name !== "default") query.set("module", name);
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <Anchor component={Link} to={`/devices?${query}`} size="sm" fw={600}>
          {version}
        </Anchor>
      </dd>
    </>
  );
}
