import { Tooltip } from "@mantine/core";
import { useEffect, useState } from "react";
import { useWords } from "~/words/useWords";

const TICK_MS = 10_000;

/** How long ago, or in how long; the exact time on hover and focus. `at` is the wire's text or milliseconds. */
export function Time({ at, exact = false }: { at: string | number | undefined; exact?: boolean }) {
  const { t, format } = useWords();
  const nowMs = useNowMs();
  const timeMs = typeof at === "string" ? Date.parse(at) : (at ?? Number.NaN);
  if (Number.isNaN(timeMs)) return <>{t("common.never")}</>;
  const iso = new Date(timeMs).toISOString();
  const [shown, other] = [format.relative(timeMs, nowMs), format.exact(timeMs)];
  return (
    <Tooltip label={exact ? shown : other} events={{ hover: true, focus: true, touch: true }}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the exact time has to be there for the keyboard too */}
      <time dateTime={iso} tabIndex={0}>
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
