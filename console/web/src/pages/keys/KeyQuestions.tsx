import { useChange } from "~/api/hooks";
import { ConfirmTyped } from "~/parts/ConfirmTyped";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import { nameOf } from "./keyColumns";
import type { Key } from "./rights";
import type { NewSecret } from "./SecretOnce";

export interface Ask {
  what: "rotate" | "disable" | "enable" | "delete";
  key: Key;
}

interface KeyQuestionsProps {
  ask: Ask | null;
  onClose: () => void;
  onRotated: (secret: NewSecret) => void;
}

/** What makes programs stop is asked for by name. */
export function KeyQuestions({ ask, onClose, onRotated }: KeyQuestionsProps) {
  const { t } = useWords();
  const rotate = useChange("XRotateAccessKey", {
    isRepeatable: true,
    onDone: ({ data }) => {
      onClose();
      onRotated({ id: data.accessKeyId, secret: data.accessKeySecret, name: data.name });
    },
  });
  const update = useChange("XUpdateAccessKey", {
    onDone: ({ data }) => {
      onClose();
      showDone(t(data.status === "Active" ? "keys.enabled" : "keys.disabled", { name: nameOf(data) }));
    },
  });
  const remove = useChange("XDeleteAccessKey", {
    onDone: () => {
      onClose();
      showDone(t("keys.deleted"));
    },
  });
  if (ask === null) return null;
  const { what, key } = ask;
  const UserAccessKeyId = key.accessKeyId;
  const confirm = () => {
    if (what === "rotate") rotate.mutate({ UserAccessKeyId });
    else if (what === "delete") remove.mutate({ UserAccessKeyId });
    else update.mutate({ UserAccessKeyId, Status: what === "enable" ? "Active" : "Inactive" });
  };
  return (
    <ConfirmTyped
      opened
      onClose={onClose}
      onConfirm={confirm}
      title={t(`keys.ask.${what}`, { name: nameOf(key) })}
      word={what === "enable" ? undefined : nameOf(key)}
      confirmLabel={t(what === "delete" ? "common.delete" : `keys.${what}`)}
      isPending={rotate.isPending || update.isPending || remove.isPending}
      isDangerous={what !== "enable"}
    >
      {t(`keys.means.${what}`)}
    </ConfirmTyped>
  );
}
