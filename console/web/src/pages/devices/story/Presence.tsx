import { Text } from "@mantine/core";
import { useLiveCall } from "~/api/hooks";
import { Time, useNowMs } from "~/parts/Time";
import { useWords } from "~/words/useWords";
import classes from "../parts/devices.module.css";
import { type Named, wireOf } from "../parts/names";
import { Card } from "./Card";
import { lineBegins, pieceOf, type Stay, staysOf } from "./reading";

const DAY_MS = 86_400_000;
const STAYS_KEPT = 10; // by the server, of each device
const STAYS_SHOWN = 5;

/** When the device was online: the last day as a line, and the last stays in words. */
export function Presence({ device }: { device: Named }) {
  const { t, format } = useWords();
  const nowMs = useNowMs();
  const asked = { ...wireOf(device), PageSize: STAYS_KEPT };
  const online = useLiveCall("XListDeviceEvents", { ...asked, Kind: "ONLINE" });
  const offline = useLiveCall("XListDeviceEvents", { ...asked, Kind: "OFFLINE" });
  if (online.data === undefined || offline.data === undefined) return null;
  const stays = staysOf(online.data.data.event, offline.data.data.event);
  const fromMs = lineBegins(stays, nowMs, DAY_MS, STAYS_KEPT);
  const pieces = stays.flatMap((stay) => pieceOf(stay, fromMs, nowMs) ?? []);
  const share = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const words = t("devices.lastTime", { share: format.percent(share), time: format.duration(nowMs - fromMs) });
  return (
    <Card
      title={t("devices.presence")}
      aside={
        <Text size="xs" c="dimmed">
          {words}
        </Text>
      }
    >
      <svg className={classes.presence} viewBox="0 0 1000 20" preserveAspectRatio="none" role="img" aria-label={words}>
        {pieces.map((piece) => (
          <rect
            key={piece.at}
            x={piece.at * 1000}
            y={0}
            width={Math.max(piece.length * 1000, 4)}
            height={20}
            fill="var(--mantine-color-marsh-6)"
          />
        ))}
      </svg>
      {stays.length === 0 ? (
        <Text size="sm" c="dimmed" mt="xs">
          {t("devices.neverOnline")}
        </Text>
      ) : (
        <ul className={classes.lines}>
          {stays.slice(0, STAYS_SHOWN).map((stay) => (
            <StayLine key={stay.sinceMs} stay={stay} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function StayLine({ stay }: { stay: Stay }) {
  const { t, format } = useWords();
  return (
    <li>
      <span>
        {stay.untilMs === null ? t("devices.onlineSince") : t("devices.onlineFrom")} <Time at={stay.sinceMs} />
      </span>
      <Text component="span" size="sm" c="dimmed">
        {stay.untilMs !== null && t("devices.stayed", { time: format.duration(stay.untilMs - stay.sinceMs) })}
        {stay.connections > 1 && ` · ${t("devices.connections", { count: stay.connections })}`}
      </Text>
    </li>
  );
}
