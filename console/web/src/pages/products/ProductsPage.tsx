import { IconStack2 } from "@tabler/icons-react";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";

export default function ProductsPage() {
  const { t } = useWords();
  return (
    <>
      <PageHeader title={t("products.title")}>{t("products.intro")}</PageHeader>
      <EmptyState title={t("common.building")} icon={<IconStack2 size={32} aria-hidden />} />
    </>
  );
}
