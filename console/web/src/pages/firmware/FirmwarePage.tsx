import { IconPackage } from "@tabler/icons-react";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";

export default function FirmwarePage() {
  const { t } = useWords();
  return (
    <>
      <PageHeader title={t("firmware.title")}>{t("firmware.intro")}</PageHeader>
      <EmptyState title={t("common.building")} icon={<IconPackage size={32} aria-hidden />} />
    </>
  );
}
