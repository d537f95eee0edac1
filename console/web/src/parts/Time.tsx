import { Tooltip } from "@mantine/core";
import { useEffect, useState } from "react";
import { useWords } from "~/words/useWords";

const TICK_MS = 10_000;

interface TimeProps {
  /** The wire's text, or milliseconds. */
  at: string | number | undefined;
  exact?: boolean;
  /** Within a link: no stop of its own for the keyboard. */
  isPlain?: boolean;
}

/** How long ago, or in how long; the exact time on hover and focus. */
export function Time({ at, exact = false, isPlain = false }: TimeProps) {
  const { t, format } = useWords();
  const nowMs = useNowMs();
  const timeMs = typeof at === "string" ? Date.parse(at) : (at ?? Number.NaN);
  if (Number.isNaN(timeMs)) return <>{t("common.never")}</>;
  const iso = new Date(timeMs).toISOString();
  const [shown, other] = [format.relative(timeMs, nowMs), format.exact(timeMs)];
  return (
    <Tooltip label={exact ? shown : other} events={{ hover: true, focus: true, touch: true }}>
      {/* Focusable: the exact time has to be there for the keyboard too. */}
      <time dateTime={iso} tabIndex={isPlain ? undefined : 0}>
        {exact ? other : shown}
      </time>
    </Tooltip>
  );
}

/** The present, every ten seconds. */
export function useNowMs(): number {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
