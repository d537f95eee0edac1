import { Box } from "@mantine/core";
import { useWords } from "~/words/useWords";
import { CopyButton } from "./CopyButton";
import classes from "./parts.module.css";

/** Lines to copy into a terminal or a file. */
export function Snippet({ code, label }: { code: string; label?: string }) {
  const { t } = useWords();
  return (
    <Box className={classes.snippet}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to scroll by keyboard */}
      <section tabIndex={0} aria-label={label ?? t("common.snippet")}>
        <pre>
          <code>{code}</code>
        </pre>
      </section>
      <div className={classes.snippetCopy}>
        <CopyButton value={code} of={label} />
      </div>
    </Box>
  );
}
