import { IconSettings } from "@tabler/icons-react";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";

export default function SettingsPage() {
  const { t } = useWords();
  return (
    <>
      <PageHeader title={t("settings.title")}>{t("settings.intro")}</PageHeader>
      <EmptyState title={t("common.building")} icon={<IconSettings size={32} aria-hidden />} />
    </>
  );
}
