import { IconUsers } from "@tabler/icons-react";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";

export default function UsersPage() {
  const { t } = useWords();
  return (
    <>
      <PageHeader title={t("users.title")}>{t("users.intro")}</PageHeader>
      <EmptyState title={t("common.building")} icon={<IconUsers size={32} aria-hidden />} />
    </>
  );
}
