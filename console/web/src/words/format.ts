/** Numbers, bytes, shares and times as a language writes them. */
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600_000],
  ["month", 2_629_800_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
];

export interface Formats {
  number: (value: number) => string;
  /** 1234567 as 1.2M: where little room is. */
  compact: (value: number) => string;
  /** A share of 1 as percent, with at most one decimal. */
  percent: (share: number) => string;
  bytes: (sizeBytes: number) => string;
  /** Date and time to the second, in the browser's zone. */
  exact: (timeMs: number) => string;
  date: (timeMs: number) => string;
  /** "3 minutes ago", "in 2 hours". */
  relative: (timeMs: number, nowMs: number) => string;
  duration: (lengthMs: number) => string;
}

export function formatsOf(locale: string): Formats {
  const number = new Intl.NumberFormat(locale);
  const compact = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
  // Never up to the whole: 9,999 of 10,000 are not 100 %.
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1, roundingMode: "trunc" });
  const short = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const exact = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  return {
    number: number.format,
    compact: compact.format,
    percent: percent.format,
    bytes: (sizeBytes) => {
      const power = Math.min(Math.floor(Math.log2(Math.max(sizeBytes, 1)) / 10), UNITS.length - 1);
      return `${short.format(sizeBytes / 1024 ** power)} ${UNITS[power]}`;
    },
    exact: exact.format,
    date: date.format,
    relative: (timeMs, nowMs) => {
      const [unit, lengthMs] = stepOf(Math.abs(timeMs - nowMs));
      return relative.format(Math.trunc((timeMs - nowMs) / lengthMs), unit);
    },
    duration: (lengthMs) => {
      const [unit, stepMs] = stepOf(Math.abs(lengthMs));
      const options = { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 } as const;
      return new Intl.NumberFormat(locale, options).format(Math.round(lengthMs / stepMs));
    },
  };
}

function stepOf(lengthMs: number): [Intl.RelativeTimeFormatUnit, number] {
  return STEPS.find(([, stepMs]) => lengthMs >= stepMs) ?? ["second", 1_000];
}
