import { IconCpu } from "@tabler/icons-react";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";

export default function DevicesPage() {
  const { t } = useWords();
  return (
    <>
      <PageHeader title={t("devices.title")}>{t("devices.intro")}</PageHeader>
      <EmptyState title={t("common.building")} icon={<IconCpu size={32} aria-hidden />} />
    </>
  );
}
