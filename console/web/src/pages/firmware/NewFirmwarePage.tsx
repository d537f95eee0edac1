import { IconPackage } from "@tabler/icons-react";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";

export default function NewFirmwarePage() {
  const { t } = useWords();
  return (
    <>
      <PageHeader title={t("firmware.new")} crumbs={[{ title: t("firmware.title"), to: "/firmware" }]} />
      <EmptyState title={t("common.building")} icon={<IconPackage size={32} aria-hidden />} />
    </>
  );
}
