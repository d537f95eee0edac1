import { Alert } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { LiveContext, SESSION_KEY } from "~/api/hooks";
import { LiveHub } from "~/api/live";
import { useWords } from "~/words/useWords";
import classes from "./Shell.module.css";

const CALM_MS = 4_000; // a server that starts again is back by then

/** The tab's one stream of live answers, and a note while there is none. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [lostMs, setLostMs] = useState<number | null>(null);
  const [hub] = useState(
    () =>
      new LiveHub(
        (address) => new EventSource(address),
        () => void client.invalidateQueries({ queryKey: SESSION_KEY }),
        (sinceMs) => {
          setLostMs(sinceMs);
          // The stream brings what is watched; the rest of the page is as old as the loss.
          if (sinceMs === null) void client.invalidateQueries({ queryKey: ["call"] });
        },
      ),
  );
  useEffect(() => {
    const onChange = () => hub.setVisible(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", onChange);
    return () => document.removeEventListener("visibilitychange", onChange);
  }, [hub]);
  return (
    <LiveContext value={hub}>
      {children}
      {lostMs !== null && <LostNote key={lostMs} sinceMs={lostMs} />}
    </LiveContext>
  );
}

/** What is shown may be old: nobody takes it for the present. */
function LostNote({ sinceMs }: { sinceMs: number }) {
  const { t, format } = useWords();
  const [isShown, setIsShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsShown(true), CALM_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!isShown) return null;
  return (
    <Alert color="clay" variant="filled" className={classes.lost} title={t("shell.lost")}>
      {t("shell.lostHint", { time: format.exact(sinceMs) })}
    </Alert>
  );
}
