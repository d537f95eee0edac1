/** What a file is, computed from its bytes as they are read: at no time is the whole of it in memory. */
export interface Digests {
  sha256: string;
  md5: string;
  sizeBytes: number;
}

export type Said = { digests: Digests } | { fault: string };

/** Computes beside the page. Raises Error when the file cannot be read to its end. */
export function digestsOf(file: File, signal: AbortSignal): Promise<Digests> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./digest.worker.ts", import.meta.url), { type: "module" });
    const end = (then: () => void) => {
      worker.terminate();
      then();
    };
    signal.addEventListener("abort", () => end(() => reject(new DOMException("", "AbortError"))), { once: true });
    worker.onerror = (event) => end(() => reject(new Error(event.message)));
    worker.onmessage = (event: MessageEvent<Said>) => {
      const said = event.data;
      end(() => ("digests" in said ? resolve(said.digests) : reject(new Error(said.fault))));
    };
    worker.postMessage(file);
  });
}
