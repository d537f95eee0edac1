import { IconPackage } from "@tabler/icons-react";
import { useParams } from "react-router";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";

export default function OneFirmwarePage() {
  const { t } = useWords();
  const { firmwareId = "" } = useParams();
  return (
    <>
      <PageHeader
        title={t("firmware.one", { id: firmwareId })}
        crumbs={[{ title: t("firmware.title"), to: "/firmware" }]}
      />
      <EmptyState title={t("common.building")} icon={<IconPackage size={32} aria-hidden />} />
    </>
  );
}
