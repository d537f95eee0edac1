import { Alert, Anchor, Group, Skeleton, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle, IconLoader2, IconX } from "@tabler/icons-react";
import { Link } from "react-router";
import { useLiveCall } from "~/api/hooks";
import { ErrorNote } from "~/parts/ErrorNote";
import { Time } from "~/parts/Time";
import { useWords } from "~/words/useWords";
import classes from "../parts/devices.module.css";
import { type Named, wireOf } from "../parts/names";
import { type Finding, type Tone, toneOf } from "./reading";

const ICONS: Record<Tone, typeof IconX> = {
  marsh: IconCircleCheck,
  estuary: IconLoader2,
  sand: IconAlertTriangle,
  clay: IconX,
  gray: IconInfoCircle,
};

/** What stands in the way of an update, and what to do about it: the server's findings, the first one first. */
export function Why({ device }: { device: Named }) {
  const { t, maybe } = useWords();
  const explained = useLiveCall("XExplainOTADevice", wireOf(device));
  if (explained.error) return <ErrorNote error={explained.error} onRetry={() => void explained.refetch()} />;
  if (explained.data === undefined) return <Skeleton h={110} aria-busy />;
  const { findings, isInTheWay } = explained.data.data;
  const [first, ...others] = findings.finding;
  if (first === undefined) return null;
  const tone = toneOf(first.code);
  const Icon = ICONS[tone];
  return (
    <Stack component="section" aria-label={t("devices.why")} gap="sm" aria-live="polite">
      <Alert
        color={tone}
        icon={<Icon aria-hidden />}
        title={`${isInTheWay && tone !== "gray" && tone !== "marsh" ? t("devices.whyNot") : t("devices.howItStands")} ${maybe(`devices.code.${first.code}`, first.code)}`}
      >
        <Words finding={first} />
      </Alert>
      {others.length > 0 && (
        <ul className={classes.findings}>
          {others.map((finding) => (
            <li
              key={`${finding.code}${finding.jobId ?? ""}`}
              className={classes.finding}
              data-tone={toneOf(finding.code)}
            >
              <Text size="sm" fw={600} className={classes.code}>
                {maybe(`devices.code.${finding.code}`, finding.code)}
              </Text>
              <Words finding={finding} />
            </li>
          ))}
        </ul>
      )}
    </Stack>
  );
}

function Words({ finding }: { finding: Finding }) {
  const { t, maybe } = useWords();
  const advice = maybe(`devices.do.${finding.code}`, "");
  return (
    <Stack gap={4}>
      <Text size="sm">{finding.words}</Text>
      {advice !== "" && <Text size="sm">{advice}</Text>}
      <Group gap="md">
        {finding.jobId !== undefined && (
          <Anchor component={Link} to={`/rollouts/${finding.jobId}`} size="sm" td="underline" c="inherit">
            {t("devices.toRollout", { id: finding.jobId })}
          </Anchor>
        )}
        {finding.utcSince !== undefined && (
          <Text size="sm" component="span">
            {t("devices.since")} <Time at={finding.utcSince} />
          </Text>
        )}
        {finding.utcUntil !== undefined && (
          <Text size="sm" component="span">
            {t("devices.until")} <Time at={finding.utcUntil} />
          </Text>
        )}
      </Group>
    </Stack>
  );
}
