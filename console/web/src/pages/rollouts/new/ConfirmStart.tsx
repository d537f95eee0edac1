import { useChange } from "~/api/hooks";
import { ConfirmTyped } from "~/parts/ConfirmTyped";
import { ErrorNote } from "~/parts/ErrorNote";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import { creationOf, type Draft, type Firmware, isAtOnce, type Previewed, ruleOf, toldNow } from "./draft";
import { isRule } from "./rule";
import { startMsOf } from "./starting";

interface ConfirmStartProps {
  opened: boolean;
  onClose: () => void;
  firmware: Firmware;
  draft: Draft;
  preview: Previewed;
  onMade: (jobId: string) => void;
}

/** The last question. Who tells many at once types how many that are, others the version. */
export function ConfirmStart({ opened, onClose, firmware, draft, preview, onMade }: ConfirmStartProps) {
  const { t, format } = useWords();
  const how = {
    isQuiet: true,
    isRepeatable: true,
    onDone: ({ data }: { data: { jobId: string } }) => {
      showDone(t(startMs === null ? "wizard.made" : "wizard.planned"));
      onMade(data.jobId);
    },
  };
  const job = useChange("CreateOTAStaticUpgradeJob", how);
  const standing = useChange("CreateOTADynamicUpgradeJob", how);
  const startMs = isRule(draft) ? null : startMsOf(draft);
  const count = toldNow(draft, preview);
  const values = { count, version: firmware.destVersion, product: firmware.productName };
  const confirm = () => {
    const [creation, rule] = [creationOf(firmware, draft), ruleOf(firmware, draft)];
    if (isRule(draft)) rule && standing.mutate(rule);
    else if (creation) job.mutate(creation);
  };
  const isMany = isAtOnce(draft) && count > 0;
  const error = job.error ?? standing.error;
  return (
    <ConfirmTyped
      opened={opened}
      onClose={onClose}
      onConfirm={confirm}
      title={t("wizard.confirmTitle", values)}
      word={isMany ? String(count) : firmware.destVersion}
      confirmLabel={t("wizard.start")}
      isPending={job.isPending || standing.isPending}
      isDangerous={isMany}
    >
      {count > 0 &&
        t(isMany ? "wizard.confirmOnce" : isRule(draft) ? "wizard.confirmNow" : "wizard.confirmStaged", {
          ...values,
          first: preview.stages.stage[0]?.devices ?? 0,
        })}
      {startMs !== null && <p>{t("wizard.confirmStart", { when: format.exact(startMs) })}</p>}
      {isRule(draft) && <p>{t(count > 0 ? "wizard.confirmMore" : "wizard.confirmLater")}</p>}
      {error && <ErrorNote error={error} />}
    </ConfirmTyped>
  );
}
