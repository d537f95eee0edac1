import { useWords } from "~/words/useWords";
import classes from "../rollouts.module.css";
import { BAND_COLORS, BANDS, bandsOf, type TaskCounts, totalOf } from "./counts";

/** A job's tasks as one bar; in words for whoever does not see it. */
export function ProgressBands({ tasks, isTall = false }: { tasks: TaskCounts; isTall?: boolean }) {
  const { t, format } = useWords();
  const [bands, total] = [bandsOf(tasks), totalOf(tasks)];
  const shown = BANDS.filter((band) => bands[band] > 0);
  const words = shown.map((band) => `${t(`rollouts.band.${band}`)}: ${format.number(bands[band])}`).join(", ");
  return (
    <div
      className={classes.bands}
      data-tall={isTall || undefined}
      role="img"
      aria-label={words || t("rollouts.noTasks")}
    >
      {shown.map((band) => (
        <span
          key={band}
          data-band={band}
          style={{ flexGrow: bands[band] / total, background: `var(--mantine-color-${BAND_COLORS[band]}-filled)` }}
        />
      ))}
    </div>
  );
}
