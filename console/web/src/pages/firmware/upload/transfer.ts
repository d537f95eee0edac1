/** The form upload of one file (api-contract 12), with its progress. */
import { CallError, UNREACHABLE } from "~/api/errors";
import type { Answer } from "~/api/types";

export type Credentials = Answer<"GenerateOTAUploadURL">["data"];

const STORED = 204;

/**
 * The server's own root, as this browser reached it. Not the `host` of the credentials: that is the address for devices
 * and pipelines, which a browser may not be able to reach, and which the policy of the pages does not let it ask.
 */
export function uploadAddress(page: string): string {
  return new URL("../", page).href.replace(/[?#].*$/, "");
}

/** Send the file. Raises CallError: UNREACHABLE for a connection that broke, else the door's own code and words. */
export function sendFile(
  credentials: Credentials,
  file: File,
  onSent: (sentBytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const form = new FormData();
  form.append("key", credentials.key);
  form.append("OSSAccessKeyId", credentials.ossAccessKeyId);
  form.append("policy", credentials.policy);
  form.append("Signature", credentials.signature);
  form.append("file", file); // the last one: what comes behind it is not read
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of what it has sent
    request.open("POST", uploadAddress(document.baseURI));
    request.upload.onprogress = (event) => onSent(event.loaded);
    request.onload = () => (request.status === STORED ? resolve() : reject(refusalIn(request)));
    request.onerror = () => reject(new CallError("the connection broke", UNREACHABLE, 0));
    request.onabort = () => reject(new DOMException("", "AbortError"));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(form);
  });
}

function refusalIn(request: XMLHttpRequest): CallError {
  const text = (name: string) => request.responseXML?.querySelector(name)?.textContent ?? "";
  const message = text("Message") || `${request.status} ${request.statusText}`;
  return new CallError(message, text("Code"), request.status, text("RequestId"));
}

/** How fast, and for how long still; nothing before there is something to tell. */
export function paceOf(sentBytes: number, sizeBytes: number, lengthMs: number) {
  if (lengthMs < 500 || sentBytes === 0) return null;
  const bytesPerMs = sentBytes / lengthMs;
  return { bytesPerS: bytesPerMs * 1000, leftMs: Math.max(0, sizeBytes - sentBytes) / bytesPerMs };
}
