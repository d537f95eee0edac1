import { IconRocket } from "@tabler/icons-react";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";

export default function NewRolloutPage() {
  const { t } = useWords();
  return (
    <>
      <PageHeader title={t("rollouts.new")} crumbs={[{ title: t("rollouts.title"), to: "/rollouts" }]} />
      <EmptyState title={t("common.building")} icon={<IconRocket size={32} aria-hidden />} />
    </>
  );
}
