import { IconKey } from "@tabler/icons-react";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";

export default function KeysPage() {
  const { t } = useWords();
  return (
    <>
      <PageHeader title={t("keys.title")}>{t("keys.intro")}</PageHeader>
      <EmptyState title={t("common.building")} icon={<IconKey size={32} aria-hidden />} />
    </>
  );
}
