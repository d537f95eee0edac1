import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { useChange } from "~/api/hooks";
import { ErrorNote } from "~/parts/ErrorNote";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import { namesOf } from "./new/draft";

const DEVICES_MAX = 10; // CreateOTAVerifyJob

interface VerifyDialogProps {
  /** What is verified; null while nothing is. */
  firmware: { firmwareId: string; firmwareName: string; destVersion: string; productKey: string } | null;
  onClose: () => void;
}

/** Tries firmware on some test devices: when they have it, it may go out. Leads to the verification. */
export function VerifyDialog({ firmware, onClose }: VerifyDialogProps) {
  const { t } = useWords();
  const go = useNavigate();
  const [text, setText] = useState("");
  const names = namesOf(text);
  const verify = useChange("CreateOTAVerifyJob", {
    isQuiet: true,
    isRepeatable: true,
    onDone: ({ data }) => {
      showDone(t("wizard.verifyBegun"));
      onClose();
      void go(`/rollouts/${data.jobId}`);
    },
  });
  const { reset } = verify;
  const firmwareId = firmware?.firmwareId;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another firmware is another question
  useEffect(() => {
    setText("");
    reset();
  }, [firmwareId, reset]);
  const isReady = names.length > 0 && names.length <= DEVICES_MAX;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (firmware === null || !isReady) return;
    verify.mutate({ FirmwareId: firmware.firmwareId, ProductKey: firmware.productKey, TargetDeviceName: names });
  };
  return (
    <Modal
      opened={firmware !== null}
      onClose={onClose}
      title={t("wizard.verifyTitle", { version: firmware?.destVersion ?? "" })}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form onSubmit={submit}>
        <Stack gap="md">
          <Text size="sm">{t("wizard.verifyHint")}</Text>
          {verify.error && <ErrorNote error={verify.error} />}
          <Textarea
            label={t("wizard.testDevices")}
            description={t("wizard.testDevicesHint", { count: DEVICES_MAX })}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            error={names.length > DEVICES_MAX && t("wizard.tooManyTest", { count: names.length })}
            autosize
            minRows={3}
            autoCapitalize="none"
            spellCheck={false}
            data-autofocus
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t("common.cancel")}
            </Button>
            <Button type="submit" loading={verify.isPending} disabled={!isReady}>
              {t("wizard.verify")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
