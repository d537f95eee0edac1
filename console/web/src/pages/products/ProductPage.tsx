import { IconStack2 } from "@tabler/icons-react";
import { useParams } from "react-router";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";

export default function ProductPage() {
  const { t } = useWords();
  const { productKey = "" } = useParams();
  return (
    <>
      <PageHeader
        title={t("products.one", { key: productKey })}
        crumbs={[{ title: t("products.title"), to: "/products" }]}
      />
      <EmptyState title={t("common.building")} icon={<IconStack2 size={32} aria-hidden />} />
    </>
  );
}
