import { IconLayoutDashboard } from "@tabler/icons-react";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";

export default function OverviewPage() {
  const { t } = useWords();
  return (
    <>
      <PageHeader title={t("overview.title")}>{t("overview.intro")}</PageHeader>
      <EmptyState title={t("common.building")} icon={<IconLayoutDashboard size={32} aria-hidden />} />
    </>
  );
}
