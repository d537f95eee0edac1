/** When windows are open in a week, as stretches of each day; days and minutes as XWindows has them. */
export const DAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"] as const;
export type Day = (typeof DAYS)[number];

const DAY_MINUTES = 1_440;

export interface Stretch {
  day: number;
  fromMinute: number;
  untilMinute: number;
}

interface OpenWindow {
  days: readonly string[];
  start: string;
  end: string;
}

/** A window that ends when or before it begins ends on the next day; Sunday's goes on on Monday. */
export function stretchesOf(windows: readonly OpenWindow[]): Stretch[] {
  return windows.flatMap(({ days, start, end }) => {
    const [from, until] = [minuteOf(start), minuteOf(end)];
    if (from === null || until === null) return [];
    return DAYS.flatMap((name, day) => {
      if (!days.includes(name) && !days.includes("ALL")) return [];
      if (until > from) return [{ day, fromMinute: from, untilMinute: until }];
      const rest = until === 0 ? [] : [{ day: (day + 1) % DAYS.length, fromMinute: 0, untilMinute: until }];
      return [{ day, fromMinute: from, untilMinute: DAY_MINUTES }, ...rest];
    });
  });
}

/** `HH:MM` as minutes of a day; null for anything else. */
export function minuteOf(text: string): number | null {
  const found = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  return found === null ? null : Number(found[1]) * 60 + Number(found[2]);
}

/** A minute's place in a day, in percent. */
export function percentOf(minute: number): number {
  return (minute / DAY_MINUTES) * 100;
}
