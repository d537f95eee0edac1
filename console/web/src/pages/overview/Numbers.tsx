import { SimpleGrid } from "@mantine/core";
import { IconCpu, IconPackage, IconPlugConnectedX, IconRocket } from "@tabler/icons-react";
import { StatCard } from "~/parts/StatCard";
import { useWords } from "~/words/useWords";
import type { Overview } from "./steps";

/** The states behind `/rollouts?state=active`. */
const UNDER_WAY = ["running", "soaking", "waitingWindow"] as const;

/** Four numbers, each leading to its rows. */
export function Numbers({ data }: { data: Overview | undefined }) {
  const { t, format } = useWords();
  const devices = data?.devices;
  const share = devices && devices.total > 0 ? format.percent(devices.online / devices.total) : null;
  const unproven = data && data.firmware.unverified + data.firmware.verifying + data.firmware.verificationFailed;
  return (
    <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
      <StatCard
        label={t("overview.devices")}
        value={devices?.total}
        to="/devices"
        icon={<IconCpu size={16} aria-hidden />}
        note={share ? t("overview.onlineShare", { share }) : t("overview.noneYet")}
      />
      <StatCard
        label={t("overview.offline")}
        value={devices?.offline}
        to="/devices?state=OFFLINE"
        icon={<IconPlugConnectedX size={16} aria-hidden />}
        note={devices && t("overview.neverConnected", { count: devices.unactive })}
      />
      <StatCard
        label={t("overview.underWay")}
        value={data && UNDER_WAY.reduce((sum, state) => sum + data.jobs[state], 0)}
        to="/rollouts?state=active"
        icon={<IconRocket size={16} aria-hidden />}
        note={data && t("overview.held", { halted: data.jobs.halted, paused: data.jobs.paused })}
      />
      <StatCard
        label={t("overview.firmware")}
        value={data?.firmware.total}
        to="/firmware"
        icon={<IconPackage size={16} aria-hidden />}
        note={unproven === undefined ? undefined : t("overview.unproven", { count: unproven })}
      />
    </SimpleGrid>
  );
}
