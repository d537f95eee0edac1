import { useWords } from "~/words/useWords";
import classes from "../rollouts.module.css";
import { dayNames } from "./WindowsEditor";
import { DAYS, percentOf, stretchesOf } from "./week";

interface WeekPictureProps {
  windows: readonly { days: readonly string[]; start: string; end: string }[];
  label: string;
}

/** A week, a line a day: when windows are open. The rows above it say the same in words. */
export function WeekPicture({ windows, label }: WeekPictureProps) {
  const { locale } = useWords();
  const names = dayNames(locale);
  const stretches = stretchesOf(windows);
  return (
    <div className={classes.week} role="img" aria-label={label}>
      {DAYS.map((day, index) => (
        <WeekDay key={day} name={names[index] ?? ""} stretches={stretches.filter((one) => one.day === index)} />
      ))}
      <span />
      <div className={classes.weekHours} aria-hidden>
        {[0, 6, 12, 18, 24].map((hour) => (
          <span key={hour}>{`${String(hour).padStart(2, "0")}:00`}</span>
        ))}
      </div>
    </div>
  );
}

function WeekDay({ name, stretches }: { name: string; stretches: ReturnType<typeof stretchesOf> }) {
  return (
    <>
      <span>{name}</span>
      <div className={classes.weekDay}>
        {stretches.map(({ fromMinute, untilMinute }) => (
          <span
            key={`${fromMinute}-${untilMinute}`}
            style={{
              insetInlineStart: `${percentOf(fromMinute)}%`,
              width: `${percentOf(untilMinute - fromMinute)}%`,
            }}
          />
        ))}
      </div>
    </>
  );
}
