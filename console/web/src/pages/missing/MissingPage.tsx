import { Button } from "@mantine/core";
import { IconCompassOff } from "@tabler/icons-react";
import { Link } from "react-router";
import { EmptyState } from "~/parts/EmptyState";
import { PageHeader } from "~/parts/PageHeader";
import { useWords } from "~/words/useWords";

export default function MissingPage() {
  const { t } = useWords();
  const home = (
    <Button component={Link} to="/" variant="default">
      {t("common.toOverview")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("common.missingTitle")} />
      <EmptyState title={t("common.missingHint")} icon={<IconCompassOff size={32} aria-hidden />} action={home} />
    </>
  );
}
