import type { components } from "./schema";

type Schemas = components["schemas"];

/** Every Action of the server, ours and the vendors', as its OpenAPI document names them. */
export type Action = { [Name in keyof Schemas]: Name extends `${infer A}Request` ? A : never }[keyof Schemas];

/** What an Action takes: wire names, lists as lists. */
export type Parameters<A extends Action> = `${A}Request` extends keyof Schemas ? Schemas[`${A}Request`] : never;

/** What an Action answers when it succeeded, in camelCase. */
export type Answer<A extends Action> = `${A}ResponseCamel` extends keyof Schemas ? Schemas[`${A}ResponseCamel`] : never;

/** Actions that can be repeated safely under a ClientToken (docs/how-to/repeat-a-call-safely.md). */
export type Repeatable = { [A in Action]: Parameters<A> extends { ClientToken?: string } ? A : never }[Action];

/** `GET api/session`: who is signed in, and what the server is. */
export interface Session {
  user: { name: string; role: string; language?: string };
  account: string;
  csrfToken: string;
  expiresAt: string;
  actions: string[];
  /** Whether a call that asks for secrets is given them. */
  seesSecrets: boolean;
  server: {
    version: string;
    publicUrl: string;
    isInsecure: boolean;
    hasTls: boolean;
    /** Null where this process serves no devices. */
    mqtt: { host: string; port: number; hasTls: boolean } | null;
    roles: string[];
  };
}
