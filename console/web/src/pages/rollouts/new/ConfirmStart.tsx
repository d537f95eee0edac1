import { useChange } from "~/api/hooks";
import { ConfirmTyped } from "~/parts/ConfirmTyped";
import { ErrorNote } from "~/parts/ErrorNote";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import { type Creation, type Draft, type Firmware, isAtOnce, type Previewed, toldOf } from "./draft";

interface ConfirmStartProps {
  opened: boolean;
  onClose: () => void;
  firmware: Firmware;
  draft: Draft;
  creation: Creation;
  preview: Previewed;
  onMade: (jobId: string) => void;
}

/** The last question. Who tells everybody at once types how many that are, others the version. */
export function ConfirmStart({ opened, onClose, firmware, draft, creation, preview, onMade }: ConfirmStartProps) {
  const { t } = useWords();
  const create = useChange("CreateOTAStaticUpgradeJob", {
    isQuiet: true,
    isRepeatable: true,
    onDone: ({ data }) => {
      showDone(t("wizard.made"));
      onMade(data.jobId);
    },
  });
  const values = { count: toldOf(preview), version: firmware.destVersion, product: firmware.productName };
  return (
    <ConfirmTyped
      opened={opened}
      onClose={onClose}
      onConfirm={() => create.mutate(creation)}
      title={t("wizard.confirmTitle", values)}
      word={isAtOnce(draft) ? String(toldOf(preview)) : firmware.destVersion}
      confirmLabel={t("wizard.start")}
      isPending={create.isPending}
      isDangerous={isAtOnce(draft)}
    >
      {t(isAtOnce(draft) ? "wizard.confirmOnce" : "wizard.confirmStaged", {
        ...values,
        first: preview.stages.stage[0]?.devices ?? 0,
      })}
      {create.error && <ErrorNote error={create.error} />}
    </ConfirmTyped>
  );
}
