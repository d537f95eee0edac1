import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { LiveContext, SESSION_KEY } from "~/api/hooks";
import { LiveHub } from "~/api/live";

/** The tab's one stream of live answers. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [hub] = useState(
    () =>
      new LiveHub(
        (address) => new EventSource(address),
        () => void client.invalidateQueries({ queryKey: SESSION_KEY }),
      ),
  );
  useEffect(() => {
    const onChange = () => hub.setVisible(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", onChange);
    return () => document.removeEventListener("visibilitychange", onChange);
  }, [hub]);
  return <LiveContext value={hub}>{children}</LiveContext>;
}
