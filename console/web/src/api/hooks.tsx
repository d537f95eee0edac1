/**
 * What pages use of the server: `useCall`, `useLiveCall`, `useChange`, `useSession`, `useMay`.
 */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useRef } from "react";
import { showError } from "~/parts/toasts";
import { call, readSession } from "./client";
import type { CallError } from "./errors";
import type { LiveHub } from "./live";
import { Presses } from "./presses";
import type { Action, Answer, Parameters, Session } from "./types";

export const SESSION_KEY = ["session"] as const;

/** The hub of the page's one stream; null in tests that need none. */
export const LiveContext = createContext<LiveHub | null>(null);

interface CallOptions {
  /** False waits: for a parameter that is not known yet. */
  enabled?: boolean;
  /** Keep showing the last page's rows while the next ones are read. */
  keepPrevious?: boolean;
  staleTimeMs?: number;
}

/** The cache's key of one call. */
export function callKey(action: string, parameters: object): readonly unknown[] {
  return ["call", action, parameters];
}

/** Reads once, and again when something was changed through this console. */
export function useCall<A extends Action>(action: A, parameters: Parameters<A>, options: CallOptions = {}) {
  return useQuery<Answer<A>, CallError>({
    queryKey: callKey(action, parameters),
    queryFn: ({ signal }) => call(action, parameters, signal),
    enabled: options.enabled ?? true,
    ...(options.staleTimeMs === undefined ? {} : { staleTime: options.staleTimeMs }),
    ...(options.keepPrevious ? { placeholderData: keepPreviousData } : {}),
  });
}

/** As `useCall`, kept current by the server: at most 8 on a page, reads only. */
export function useLiveCall<A extends Action>(action: A, parameters: Parameters<A>, options: CallOptions = {}) {
  const hub = useContext(LiveContext);
  const client = useQueryClient();
  const wire = JSON.stringify(parameters);
  const enabled = options.enabled ?? true;
  useEffect(() => {
    if (hub === null || !enabled) return;
    const watched = JSON.parse(wire) as Parameters<A>;
    const queryKey = callKey(action, watched);
    const onAnswer = (answer: Record<string, unknown>) => {
      if (answer.success !== true) return void client.invalidateQueries({ queryKey });
      // An answer under way was given before this one. It would hide it until the next change: streams tell nothing twice.
      void client.cancelQueries({ queryKey, exact: true });
      client.setQueryData(queryKey, answer);
    };
    return hub.add({ action, parameters: watched }, { onAnswer });
  }, [hub, client, action, wire, enabled]);
  return useCall(action, parameters, options);
}

interface ChangeOptions<A extends Action> {
  onDone?: (answer: Answer<A>, parameters: Parameters<A>) => void;
  /** True: the page shows the error itself; else it is a notification. */
  isQuiet?: boolean;
  /** True for Actions that take a ClientToken: what was sent twice happens once. */
  isRepeatable?: boolean;
}

/** Changes something. After a success everything that is shown is read again. */
export function useChange<A extends Action>(action: A, options: ChangeOptions<A> = {}) {
  const client = useQueryClient();
  const token = useIntentToken();
  const presses = useRef(new Presses());
  const mutation = useMutation<Answer<A>, CallError, Parameters<A>>({
    mutationFn: (parameters) => {
      const repeatable = options.isRepeatable ? { ...parameters, ClientToken: token.of(parameters) } : parameters;
      return call(action, repeatable);
    },
    onSuccess: (answer, parameters) => {
      token.spend();
      void client.invalidateQueries({ queryKey: ["call"] });
      options.onDone?.(answer, parameters);
    },
    onError: (error) => {
      if (!options.isQuiet) showError(error);
    },
    onSettled: (_answer, error, parameters) =>
      presses.current.end(JSON.stringify(parameters), error === null, performance.now()),
  });
  return {
    ...mutation,
    /** Once, however often a button is pressed before it shows that it was. */
    mutate: (parameters: Parameters<A>) => {
      if (presses.current.begin(JSON.stringify(parameters), performance.now())) mutation.mutate(parameters);
    },
  };
}

/** A token for what somebody means to do: kept while the same is tried again, a new one for anything else. */
function useIntentToken() {
  const intent = useRef({ wire: "", token: "" });
  return {
    of(parameters: object): string {
      const wire = JSON.stringify(parameters);
      if (intent.current.wire !== wire) intent.current = { wire, token: crypto.randomUUID?.() ?? randomToken() };
      return intent.current.token;
    },
    spend(): void {
      intent.current = { wire: "", token: "" };
    },
  };
}

/** `crypto.randomUUID` exists in secure contexts only, and plain HTTP beyond loopback is none. */
function randomToken(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Who is signed in; `data` is null for nobody. */
export function useSession() {
  return useQuery<Session | null, CallError>({ queryKey: SESSION_KEY, queryFn: readSession, staleTime: 60_000 });
}

/** Whether the user may call an Action: what may not be done is not offered. The server decides all the same. */
export function useMay(): (action: Action) => boolean {
  const { data } = useSession();
  return (action) => data?.actions.includes(action) ?? false;
}
