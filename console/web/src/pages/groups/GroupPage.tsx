import { IconTopologyStar3 } from "@tabler/icons-react";
import { useParams } from "react-router";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";

export default function GroupPage() {
  const { t } = useWords();
  const { groupId = "" } = useParams();
  return (
    <>
      <PageHeader title={t("groups.one", { id: groupId })} crumbs={[{ title: t("groups.title"), to: "/groups" }]} />
      <EmptyState title={t("common.building")} icon={<IconTopologyStar3 size={32} aria-hidden />} />
    </>
  );
}
