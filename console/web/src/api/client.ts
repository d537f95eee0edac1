/**
 * The console's way to the server: `POST api/call/{Action}`, relative to the page, so that any path prefix works.
 * It runs the very operation that every client can call; nothing is decided here.
 */
import { CallError, REFUSED, SIGNED_OUT, UNREACHABLE } from "./errors";
import type { Action, Answer, Parameters, Session } from "./types";

const UNAUTHORIZED = 401;

let csrfToken = "";
let onSignedOut: () => void = () => {};

/** Called once for each answer 401: the session ended, or was revoked. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

/** Sends JSON to a path under `api/` and reads JSON. Raises CallError for everything but 2xx. */
export async function send(path: string, init: RequestInit = {}): Promise<Record<string, unknown>> {
  let response: Response;
  try {
    response = await fetch(`api/${path}`, { ...init, credentials: "same-origin", redirect: "error" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new CallError("the server cannot be reached", UNREACHABLE, 0);
  }
  const body = await readObject(response);
  const isSession = path === "session" || path === "sign-in";
  if (response.status === UNAUTHORIZED && !isSession) onSignedOut();
  if (response.ok) return body;
  throw refusal(body, response.status, response.headers.get("retry-after"));
}

/** As `send`, for what changes something outside the operations: signing in and out. */
export function post(path: string, body: object): Promise<Record<string, unknown>> {
  const headers = { "content-type": "application/json", "x-csrf-token": csrfToken };
  return send(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** Performs one operation. Raises CallError with the contract's code. Secrets that a read would answer are left out. */
export function call<A extends Action>(action: A, parameters: Parameters<A>, signal?: AbortSignal): Promise<Answer<A>> {
  return perform(action, parameters, { signal: signal ?? null });
}

/** As `call`, with the secrets: for when somebody asked to see them. What it answers is not to be kept. */
export function callForSecrets<A extends Action>(action: A, parameters: Parameters<A>): Promise<Answer<A>> {
  return perform(action, parameters, {}, { "x-show-secrets": "true" });
}

async function perform<A extends Action>(
  action: A,
  parameters: Parameters<A>,
  how: RequestInit,
  more: Record<string, string> = {},
): Promise<Answer<A>> {
  const headers = { "content-type": "application/json", "x-csrf-token": csrfToken, ...more };
  const init = { ...how, method: "POST", headers, body: JSON.stringify(parameters) };
  const answer = await send(`call/${action}`, init);
  if (answer.success !== true) throw refusal(answer, 200);
  return answer as Answer<A>;
}

/** Who is signed in; null for nobody. Keeps the token that later calls carry. */
export async function readSession(): Promise<Session | null> {
  try {
    const session = (await send("session")) as unknown as Session;
    csrfToken = session.csrfToken;
    return session;
  } catch (error) {
    if (error instanceof CallError && error.status === UNAUTHORIZED) return null;
    throw error;
  }
}

async function readObject(response: Response): Promise<Record<string, unknown>> {
  try {
    const value: unknown = await response.json();
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function refusal(body: Record<string, unknown>, status: number, retryAfter: string | null = null): CallError {
  const text = (...names: string[]): string => {
    const found = names.map((name) => body[name]).find((value) => typeof value === "string" && value !== "");
    return typeof found === "string" ? found : "";
  };
  const fallback = status === UNAUTHORIZED ? SIGNED_OUT : REFUSED;
  const message = text("errorMessage", "ErrorMessage", "error", "message") || `the server answered ${status}`;
  const code = text("code", "Code") || fallback;
  const retryAfterS = retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null;
  return new CallError(message, code, status, text("requestId", "RequestId"), retryAfterS);
}
