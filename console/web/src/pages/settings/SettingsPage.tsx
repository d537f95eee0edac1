import { Stack } from "@mantine/core";
import { useMay } from "~/api/hooks";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";
import { ApprovalSetting } from "./ApprovalSetting";
import { InterfacesSection } from "./InterfacesSection";
import { RolloutDefaults } from "./RolloutDefaults";
import { ServerSection } from "./ServerSection";
import { SigningInSection } from "./SigningInSection";

export default function SettingsPage() {
  const { t } = useWords();
  const may = useMay();
  return (
    <>
      <PageHeader title={t("settings.title")} howTo="console-settings">
        {t("settings.intro")}
      </PageHeader>
      <Stack gap="lg">
        {may("XQueryRolloutDefaults") && (
          <>
            <RolloutDefaults />
            <ApprovalSetting />
          </>
        )}
        <ServerSection />
        <SigningInSection />
        <InterfacesSection />
      </Stack>
    </>
  );
}
