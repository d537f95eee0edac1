import { Anchor, Code } from "@mantine/core";
import { Link } from "react-router";
import { FactList } from "~/parts/FactList";
import { Section } from "~/parts/Section";
import { Time } from "~/parts/Time";
import { useWords } from "~/words/useWords";
import type { Firmware } from "../OneFirmwarePage";

export function Facts({ firmware }: { firmware: Firmware }) {
  const { t } = useWords();
  return (
    <Section title={t("firmware.facts")}>
      <FactList
        label={t("firmware.facts")}
        facts={[
          [
            t("firmware.product"),
            <Anchor key="product" component={Link} to={`/products/${firmware.productKey}`} inherit>
              {firmware.productName}
            </Anchor>,
          ],
          [t("firmware.module"), firmware.moduleName],
          [t("firmware.version"), <Code key="version">{firmware.destVersion}</Code>],
          [t("firmware.kind"), t(firmware.type === 1 ? "firmware.difference" : "firmware.full")],
          [t("firmware.sourceVersion"), firmware.srcVersion && <Code key="source">{firmware.srcVersion}</Code>],
          [t("firmware.id"), firmware.firmwareId],
          [t("firmware.udi"), firmware.udi],
          [t("firmware.added"), <Time key="added" at={firmware.utcCreate} />],
          [t("firmware.changed"), <Time key="changed" at={firmware.utcModified} />],
        ]}
      />
    </Section>
  );
}
