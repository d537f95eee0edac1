import { IconHistory } from "@tabler/icons-react";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";

export default function AuditPage() {
  const { t } = useWords();
  return (
    <>
      <PageHeader title={t("audit.title")}>{t("audit.intro")}</PageHeader>
      <EmptyState title={t("common.building")} icon={<IconHistory size={32} aria-hidden />} />
    </>
  );
}
