import { IconLock } from "@tabler/icons-react";
import { useSession } from "~/api/hooks";
import { useWords } from "~/words/useWords";
import { EmptyState } from "./EmptyState";

/** Instead of a page whose calls the server would refuse: why, and who can help. */
export function NotAllowed() {
  const { t, maybe } = useWords();
  const { data: session } = useSession();
  const role = session?.user.role ?? "";
  return (
    <EmptyState title={t("common.notAllowed")} icon={<IconLock size={32} stroke={1.5} aria-hidden />}>
      {t("common.notAllowedHint", { role: maybe(`status.role.${role}`, role) })}
    </EmptyState>
  );
}
