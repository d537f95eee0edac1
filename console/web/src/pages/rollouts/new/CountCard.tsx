import { Anchor, Loader, Paper, Skeleton, Text } from "@mantine/core";
import { Link } from "react-router";
import type { Parameters } from "~/api/types";
import { ErrorNote } from "~/parts/ErrorNote";
import { useWords } from "~/words/useWords";
import classes from "../rollouts.module.css";
import { type Firmware, type Previewed, toldOf } from "./draft";
import { usePreview } from "./usePreview";
import wizard from "./wizard.module.css";

interface CountCardProps {
  firmware: Firmware;
  /** What is asked; null while the target is not said yet. */
  parameters: Parameters<"XPreviewOTAJob"> | null;
  className?: string;
  /** What the counted devices do; they get it, unless said otherwise. */
  words?: "wizard.devicesGet" | "wizard.getItNow" | "wizard.matchNow";
}

/** How many devices a target has, and who is left out and why: kept current while one types. */
export function CountCard({ firmware, parameters, className, words = "wizard.devicesGet" }: CountCardProps) {
  const { t, format } = useWords();
  const { preview, error, retry, isOutdated } = usePreview(parameters);
  return (
    <Paper component="section" withBorder p="lg" bg="var(--surface)" className={className} aria-labelledby="live-count">
      <Text component="h3" size="sm" fw={600} c="dimmed" id="live-count">
        {t("wizard.liveCount")} {parameters !== null && isOutdated && !error && <Loader size={12} aria-hidden />}
      </Text>
      {parameters === null && (
        <Text size="sm" mt="xs">
          {t("wizard.sayWhom")}
        </Text>
      )}
      {parameters !== null && error && <ErrorNote error={error} onRetry={retry} />}
      {parameters !== null && !error && preview === undefined && <Skeleton h={120} mt="sm" />}
      {parameters !== null && !error && preview !== undefined && (
        <div className={isOutdated ? wizard.outdated : undefined}>
          <div className={classes.big} data-testid="targets">
            {format.number(toldOf(preview))}
          </div>
          <Text size="sm" mb="md" role="status">
            {isOutdated ? t("wizard.counting") : t(words, { count: toldOf(preview) })}
          </Text>
          <Breakdown firmware={firmware} preview={preview} />
        </div>
      )}
    </Paper>
  );
}

/** The devices of a preview by what becomes of them; each number leads to its rows where there is such a list. */
export function Breakdown({ firmware, preview }: { firmware: Firmware; preview: Previewed }) {
  const { t, format } = useWords();
  const at = `/devices?product=${firmware.productKey}`;
  const module = firmware.moduleName === "default" ? "" : `&module=${encodeURIComponent(firmware.moduleName)}`;
  const rows: [string, number, string | null][] = [
    [t("wizard.offline"), preview.offline, `${at}&state=OFFLINE`],
    [t("wizard.inConflict"), preview.inConflict, null],
    [t("wizard.atDest"), preview.atDestVersion, `${at}${module}&version=${encodeURIComponent(firmware.destVersion)}`],
    [t("wizard.atOther"), preview.atOtherVersion, `${at}${module}`],
  ];
  return (
    <dl className={classes.facts} data-tight>
      {rows.map(([label, count, to]) => (
        <div key={label} className={classes.fact}>
          <dt>{label}</dt>
          <dd>
            {to !== null && count > 0 ? (
              <Anchor component={Link} to={to} inherit>
                {format.number(count)}
              </Anchor>
            ) : (
              format.number(count)
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
