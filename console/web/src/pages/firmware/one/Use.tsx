import { Anchor, Group, Progress, Stack, Text } from "@mantine/core";
import { Link } from "react-router";
import { useLiveCall } from "~/api/hooks";
import { devicesAt } from "~/pages/products/links";
import { ErrorNote } from "~/parts/ErrorNote";
import { Section } from "~/parts/Section";
import { StatusBadge } from "~/parts/StatusBadge";
import { useWords } from "~/words/useWords";
import type { Firmware } from "../OneFirmwarePage";

/** Where it runs: every number leads to its rows. */
export function Use({ firmware }: { firmware: Firmware }) {
  const { t, rich, format } = useWords();
  const { data, error, refetch } = useLiveCall("XQueryFirmwareUse", { FirmwareId: firmware.firmwareId });
  const use = data?.data;
  const share = use && use.productDeviceCount > 0 ? use.deviceCount / use.productDeviceCount : 0;
  return (
    <Section title={t("firmware.use")}>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {use && (
        <Stack gap="sm">
          <Text size="sm">
            {rich("firmware.runsOn", {
              devices: (
                <Anchor component={Link} to={devicesAt(use.productKey, use.version, use.moduleName)} fw={650}>
                  {t("firmware.devices", { count: use.deviceCount })}
                </Anchor>
              ),
              all: (
                <Anchor component={Link} to={`/devices?product=${use.productKey}`} fw={650}>
                  {format.number(use.productDeviceCount)}
                </Anchor>
              ),
            })}
          </Text>
          <Progress value={share * 100} aria-label={t("firmware.share", { share: format.percent(share) })} />
          {use.jobs.length > 0 && (
            <Group gap="xs">
              {use.jobs.map(({ state, count }) => (
                <Anchor
                  key={state}
                  component={Link}
                  to={`/rollouts?firmware=${use.firmwareId}&state=${state}`}
                  underline="never"
                >
                  <Group gap={4} wrap="nowrap">
                    <Text size="sm" fw={650}>
                      {format.number(count)}
                    </Text>
                    <StatusBadge kind="rollout" status={state} />
                  </Group>
                </Anchor>
              ))}
            </Group>
          )}
        </Stack>
      )}
    </Section>
  );
}
