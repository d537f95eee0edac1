import { useCallback, useEffect, useRef, useState } from "react";
import { call } from "~/api/client";
import { asCallError, type CallError, UNREACHABLE } from "~/api/errors";
import { type Digests, digestsOf } from "./digests";
import { endingOf } from "./guess";
import { sendFile } from "./transfer";

/** A connection that breaks is tried again by itself, so many ms later each time. */
const RETRY_AFTER_MS = [2_000, 5_000, 15_000];

export interface Upload {
  id: number;
  file: File;
  /** `broken` comes again by itself, `failed` when it is told to. */
  state: "waiting" | "sending" | "broken" | "stored" | "failed";
  sentBytes: number;
  startedMs: number;
  digests?: Digests;
  /** What CreateOTAFirmware names the stored file by. */
  url?: string;
  error?: CallError;
}

/**
 * What new credentials may mend. A browser whose kept connection ends sends the form once more by itself, with
 * credentials that are used by then: what it hears is AccessDenied, and what happened is a broken connection.
 */
const PASSES = [UNREACHABLE, "AccessDenied"];

type Change = (change: Partial<Upload>) => void;

/** Files on their way to the server, one after another: others of the page's calls need connections too. */
export function useUploads() {
  const [uploads, setUploads] = useState<Upload[]>([]);
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  const running = useRef(new Map<number, AbortController>());
  const nextId = useRef(1);

  const start = useCallback((id: number, file: File) => {
    const abort = new AbortController();
    running.current.set(id, abort);
    const change: Change = (changed) => {
      if (abort.signal.aborted) return;
      setUploads((all) => all.map((one) => (one.id === id ? { ...one, ...changed } : one)));
    };
    queue.current = queue.current.then(async () => {
      if (!abort.signal.aborted) await bring(file, change, abort.signal);
      if (running.current.get(id) === abort) running.current.delete(id);
    });
  }, []);

  const add = useCallback(
    (files: File[]) => {
      const added = files.map((file): Upload => {
        return { id: nextId.current++, file, state: "waiting", sentBytes: 0, startedMs: 0 };
      });
      setUploads((all) => [...all, ...added]);
      for (const { id, file } of added) start(id, file);
    },
    [start],
  );

  const remove = useCallback((id: number) => {
    running.current.get(id)?.abort();
    setUploads((all) => all.filter((one) => one.id !== id));
  }, []);

  const retry = useCallback(
    (id: number, file: File) => {
      setUploads((all) => all.map((one) => (one.id === id ? { id, file, ...FRESH } : one)));
      start(id, file);
    },
    [start],
  );

  const clear = useCallback(() => setUploads([]), []);

  useEffect(() => {
    const left = running.current;
    return () => {
      for (const abort of left.values()) abort.abort();
    };
  }, []);

  return { uploads, add, remove, retry, clear };
}

const FRESH = { state: "waiting", sentBytes: 0, startedMs: 0 } as const;

/** One file: its digests and its bytes' way at the same time. Errors are for the file's row. */
async function bring(file: File, change: Change, signal: AbortSignal): Promise<void> {
  try {
    const [digests, url] = await Promise.all([digestsOf(file, signal), sendWithPatience(file, change, signal)]);
    change({ state: "stored", digests, url, sentBytes: file.size });
  } catch (error) {
    if (!signal.aborted) change({ state: "failed", error: asCallError(error) });
  }
}

/** The upload's URL. Credentials are good for one attempt that starts within a minute: each has its own. */
async function sendWithPatience(file: File, change: Change, signal: AbortSignal): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    try {
      change({ state: "sending", sentBytes: 0, startedMs: Date.now() });
      const { data } = await call("GenerateOTAUploadURL", { FileSuffix: endingOf(file.name) }, signal);
      await sendFile(data, file, (sentBytes) => change({ sentBytes: Math.min(sentBytes, file.size) }), signal);
      return data.firmwareUrl;
    } catch (error) {
      const pauseMs = RETRY_AFTER_MS[attempt];
      if (signal.aborted || pauseMs === undefined || !PASSES.includes(asCallError(error).code)) throw error;
      change({ state: "broken" });
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      signal.throwIfAborted();
    }
  }
}
