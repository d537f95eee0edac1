import { Box } from "@mantine/core";
import { CopyButton } from "./CopyButton";
import classes from "./parts.module.css";

/** Lines to copy into a terminal or a file. */
export function Snippet({ code, label }: { code: string; label?: string }) {
  return (
    <Box className={classes.snippet}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to scroll by keyboard */}
      <pre tabIndex={0} role="region" aria-label={label}>
        <code>{code}</code>
      </pre>
      <div className={classes.snippetCopy}>
        <CopyButton value={code} of={label} />
      </div>
    </Box>
  );
}
