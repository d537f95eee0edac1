import { IconCpu } from "@tabler/icons-react";
import { useParams } from "react-router";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";

export default function DevicePage() {
  const { t } = useWords();
  const { deviceName = "" } = useParams();
  return (
    <>
      <PageHeader
        title={t("devices.one", { name: deviceName })}
        crumbs={[{ title: t("devices.title"), to: "/devices" }]}
      />
      <EmptyState title={t("common.building")} icon={<IconCpu size={32} aria-hidden />} />
    </>
  );
}
