import { IconRocket } from "@tabler/icons-react";
import { useParams } from "react-router";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";

export default function RolloutPage() {
  const { t } = useWords();
  const { jobId = "" } = useParams();
  return (
    <>
      <PageHeader title={t("rollouts.one", { id: jobId })} crumbs={[{ title: t("rollouts.title"), to: "/rollouts" }]} />
      <EmptyState title={t("common.building")} icon={<IconRocket size={32} aria-hidden />} />
    </>
  );
}
