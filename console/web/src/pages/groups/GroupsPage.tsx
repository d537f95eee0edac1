import { IconTopologyStar3 } from "@tabler/icons-react";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";

export default function GroupsPage() {
  const { t } = useWords();
  return (
    <>
      <PageHeader title={t("groups.title")}>{t("groups.intro")}</PageHeader>
      <EmptyState title={t("common.building")} icon={<IconTopologyStar3 size={32} aria-hidden />} />
    </>
  );
}
