import { Button, Group, Modal, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { useWords } from "~/words/useWords";

/** Leaving the page ends its uploads: whoever follows a link or closes the tab is asked first. */
export function LeaveGuard({ isOn }: { isOn: boolean }) {
  const { t } = useWords();
  const navigate = useNavigate();
  const [wanted, setWanted] = useState<string | null>(null);
  useEffect(() => {
    if (!isOn) return;
    const onUnload = (event: BeforeUnloadEvent) => event.preventDefault();
    const onClick = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest('a[href^="#/"]') : null;
      if (link === null || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      setWanted((link.getAttribute("href") ?? "#/").slice(1));
    };
    window.addEventListener("beforeunload", onUnload);
    document.addEventListener("click", onClick, true);
    return () => {
      window.removeEventListener("beforeunload", onUnload);
      document.removeEventListener("click", onClick, true);
    };
  }, [isOn]);
  const stay = () => setWanted(null);
  return (
    <Modal
      opened={wanted !== null}
      onClose={stay}
      title={t("firmware.leaveTitle")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <Text size="sm">{t("firmware.leaveHint")}</Text>
      <Group justify="flex-end" gap="xs" mt="md">
        <Button variant="default" onClick={stay}>
          {t("firmware.stay")}
        </Button>
        <Button color="clay" onClick={() => wanted !== null && navigate(wanted)}>
          {t("firmware.leave")}
        </Button>
      </Group>
    </Modal>
  );
}
