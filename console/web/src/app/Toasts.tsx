import { MantineThemeProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { useWords } from "~/words/useWords";

/** Where `showDone` and `showError` appear, with a close button that a screen reader can name. */
export function Toasts() {
  const { t } = useWords();
  const defaultProps = { closeButtonProps: { "aria-label": t("common.close") } };
  return (
    <MantineThemeProvider theme={{ components: { Notification: { defaultProps } } }} inherit>
      <Notifications position="bottom-right" />
    </MantineThemeProvider>
  );
}
