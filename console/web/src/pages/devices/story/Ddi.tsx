import { Button, Code, Text } from "@mantine/core";
import { useCall, useChange, useMay } from "~/api/hooks";
import { Time } from "~/parts/Time";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import classes from "../parts/devices.module.css";
import { type Named, wireOf } from "../parts/names";
import { Card } from "./Card";

const ACTIONS_SHOWN = 5;

/** What a device that speaks hawkBit's DDI says of itself, and what it was asked to do; nothing for all others. */
export function Ddi({ device }: { device: Named }) {
  const { t } = useWords();
  const may = useMay();
  const told = useCall("XQueryDeviceAttributes", wireOf(device));
  const actions = useCall("XListDdiActions", { ...wireOf(device), PageSize: ACTIONS_SHOWN });
  const ask = useChange("XRequestDeviceAttributes", { onDone: () => showDone(t("devices.askedAgain")) });
  const attributes = told.data?.data.attributes.attribute ?? [];
  const rows = actions.data?.data.action ?? [];
  if (attributes.length === 0 && rows.length === 0) return null;
  return (
    <Card
      title={t("devices.ddi")}
      aside={
        may("XRequestDeviceAttributes") && (
          <Button
            variant="subtle"
            size="compact-xs"
            loading={ask.isPending}
            disabled={told.data?.data.requested}
            onClick={() => ask.mutate(wireOf(device))}
          >
            {t("devices.askAgain")}
          </Button>
        )
      }
    >
      <dl className={classes.facts}>
        {attributes.map((one) => (
          <Pair key={one.name} name={one.name} content={one.content} />
        ))}
      </dl>
      <ul className={classes.lines}>
        {rows.map((one) => (
          <li key={one.number}>
            <span>
              {t("devices.ddiAction", { number: one.number })} <Code>{one.state}</Code>
              {one.messages.message.slice(0, 1).map((message) => (
                <Text key={message.utcTime} size="xs" c="dimmed">
                  {message.details}
                </Text>
              ))}
            </span>
            <Text component="span" size="sm" c="dimmed">
              <Time at={one.utcModified} />
            </Text>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Pair({ name, content }: { name: string; content: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{content}</dd>
    </>
  );
}
