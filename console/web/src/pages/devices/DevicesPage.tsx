import { Button } from "@mantine/core";
import { IconCpu, IconPlus } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useMay } from "~/api/hooks";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { useQueryState } from "~/parts/useQueryState";
import { useWords } from "~/words/useWords";
import { DeviceList } from "./list/DeviceList";
import { Filters } from "./list/Filters";
import { listingOf } from "./list/listing";
import { RegisterDialog } from "./list/RegisterDialog";

export default function DevicesPage() {
  const { t } = useWords();
  const query = useQueryState();
  const may = useMay();
  const [isRegistering, setIsRegistering] = useState(false);
  const filters = useMemo(() => listingOf(query.get), [query.get]);
  const register = may("RegisterDevice") && (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setIsRegistering(true)}>
      {t("devices.register")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("devices.title")} howTo="console-devices" actions={register}>
        {t("devices.intro")}
      </PageHeader>
      <Filters />
      <DeviceList
        filters={filters}
        empty={
          <EmptyState title={t("devices.emptyTitle")} icon={<IconCpu size={32} aria-hidden />} action={register}>
            {t("devices.emptyHint")}
          </EmptyState>
        }
      />
      {isRegistering && <RegisterDialog productKey={query.get("product")} onClose={() => setIsRegistering(false)} />}
    </>
  );
}
