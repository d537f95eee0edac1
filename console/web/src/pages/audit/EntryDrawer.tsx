import { Code, Drawer, Group, Stack, Table, Text, Title } from "@mantine/core";
import { Hash } from "~/parts/Hash";
import { Time } from "~/parts/Time";
import { useWords } from "~/words/useWords";
import { ActorLink } from "./ActorLink";
import { type Entry, membersOf, placesOf } from "./entries";
import { OutcomeBadge } from "./OutcomeBadge";
import { PlaceLink } from "./PlaceLink";

/** One entry in full. */
export function EntryDrawer({ entry, onClose }: { entry: Entry | null; onClose: () => void }) {
  const { t } = useWords();
  return (
    <Drawer
      opened={entry !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title={entry?.action}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {entry && <EntryFacts entry={entry} onGo={onClose} />}
    </Drawer>
  );
}

function EntryFacts({ entry, onGo }: { entry: Entry; onGo: () => void }) {
  const { t } = useWords();
  return (
    <Stack gap="lg">
      <Group gap="sm">
        <OutcomeBadge outcome={entry.outcome} />
        <Text size="sm">
          <ActorLink actor={entry.accessKeyId} /> · <Time at={entry.utcTime} exact />
        </Text>
      </Group>
      {entry.outcome !== "ACCEPTED" && <Text size="sm">{t("audit.refusedHint")}</Text>}
      <Members title={t("audit.parameters")} json={entry.parameters} />
      <Members title={t("audit.objects")} json={entry.objects} />
      {placesOf(entry).length > 0 && (
        <Group gap="sm">
          {placesOf(entry).map((place) => (
            <Text key={place.to} component="span" size="sm">
              <PlaceLink place={place} onClick={onGo} />
            </Text>
          ))}
        </Group>
      )}
      <div>
        <Text size="sm" c="dimmed">
          {t("audit.place", { number: entry.number })} <Hash value={entry.hash} of={t("audit.hash")} />
        </Text>
        <Text size="sm" c="dimmed">
          {t("common.request", { id: entry.callRequestId })}
        </Text>
      </div>
    </Stack>
  );
}

function Members({ title, json }: { title: string; json: string }) {
  const { t } = useWords();
  const members = membersOf(json);
  return (
    <div>
      <Title order={3} size="h5" mb={4}>
        {title}
      </Title>
      {members.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t("common.none")}
        </Text>
      ) : (
        <Table variant="vertical" aria-label={title} fz="sm" verticalSpacing={5} withTableBorder>
          <Table.Tbody>
            {members.map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Th scope="row" w="40%" fw={550}>
                  {name}
                </Table.Th>
                <Table.Td>
                  <Code bg="transparent" p={0}>
                    {value}
                  </Code>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </div>
  );
}
