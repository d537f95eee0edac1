import { Group, Text, ThemeIcon } from "@mantine/core";
import {
  IconAlertOctagon,
  IconAlertTriangle,
  IconChevronRight,
  IconCircleCheck,
  IconCpu,
  IconHeartBroken,
  IconPlayerPause,
  IconShieldX,
  IconUsers,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { call } from "~/api/client";
import { Section } from "~/parts/Section";
import { Time } from "~/parts/Time";
import { useWords } from "~/words/useWords";
import { reasonWords } from "../rollouts/one/reading";
import { type Attention, placeOf, withHealth } from "./attention";
import classes from "./overview.module.css";

const HEALTH_EVERY_MS = 60_000; // XQueryOverview, rule 4
const LOOKS: Readonly<Record<string, [color: string, icon: typeof IconCpu]>> = {
  JOB_HALTED: ["clay", IconAlertOctagon],
  UPGRADE_CONSPICUOUS: ["clay", IconHeartBroken],
  VERIFICATION_FAILED: ["clay", IconShieldX],
  JOB_NEAR_HALT: ["sand", IconAlertTriangle],
  JOB_AWAITING_APPROVAL: ["sand", IconUsers],
  JOB_PAUSED: ["sand", IconPlayerPause],
  PRODUCT_NEVER_ONLINE: ["gray", IconCpu],
};

/** What needs somebody, the most urgent first; each row leads to where something can be done. */
export function AttentionList({ items, hasDevices }: { items: Attention[]; hasDevices: boolean }) {
  const { t } = useWords();
  const health = useQuery({
    queryKey: ["call", "XQueryOverview", { WithHealth: true }],
    queryFn: ({ signal }) => call("XQueryOverview", { WithHealth: true }, signal),
    refetchInterval: HEALTH_EVERY_MS,
    staleTime: HEALTH_EVERY_MS,
    enabled: hasDevices,
  });
  const shown = withHealth(items, health.data?.data.attention);
  if (shown.length === 0) {
    return (
      <Group gap="xs" className={classes.calm} role="status">
        <IconCircleCheck size={20} aria-hidden />
        <Text size="sm" fw={550}>
          {t("overview.calm")}
        </Text>
      </Group>
    );
  }
  return (
    <Section title={t("overview.attention")} hint={t("overview.attentionCount", { count: shown.length })}>
      <ul className={classes.rows} aria-live="polite">
        {shown.map((item) => (
          <li key={[item.kind, item.jobId, item.firmwareId, item.productKey].join(" ")}>
            <AttentionRow item={item} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function AttentionRow({ item }: { item: Attention }) {
  const { t, maybe } = useWords();
  const [color, Icon] = LOOKS[item.kind] ?? ["sand", IconAlertTriangle];
  return (
    <Link to={placeOf(item)} className={classes.row}>
      <ThemeIcon color={color} variant="light" size={36} aria-hidden>
        <Icon size={20} />
      </ThemeIcon>
      <span className={classes.rowText}>
        <Text component="span" fw={620} size="sm">
          {maybe(`overview.kind.${item.kind}`, item.kind)}
          {" · "}
          {item.version
            ? t("overview.productVersion", { product: item.productName, version: item.version })
            : item.productName}
        </Text>
        <Text component="span" size="sm">
          {reasonWords(t, item.reason)}
        </Text>
        <Text component="span" size="sm" c="dimmed">
          {maybe(`overview.advice.${item.kind}`, "")}
        </Text>
      </span>
      {item.utcSince && (
        <Text component="span" size="sm" c="dimmed" className={classes.rowTime}>
          <Time at={item.utcSince} isPlain />
        </Text>
      )}
      <IconChevronRight size={18} aria-hidden className={classes.chevron} />
    </Link>
  );
}
