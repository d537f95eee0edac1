/** A key's rights: as a form holds them, as the wire says them, and in words. Whether they hold, the server decides. */
import type { Answer, Parameters } from "~/api/types";
import type { Words } from "~/words/useWords";

export type Key = Answer<"XListAccessKeys">["data"]["accessKey"][number];
export type WireStatement = Key["statements"]["statement"][number];
type SentStatement = NonNullable<Parameters<"XCreateAccessKey">["Statement"]>[number];

const ALL = "*";
const NAMES_SHOWN_MAX = 3;

/** One statement in the editor; empty lists of products and groups are all of them. */
export interface Draft {
  id: number;
  actions: string[];
  isReadOnly: boolean;
  products: string[];
  groups: string[];
}

export const PERMISSION_NOUNS = [
  "product",
  "device",
  "group",
  "firmware",
  "job",
  "rollout",
  "overview",
  "access",
  "audit",
  "account",
] as const;

/** What a pipeline calls to release: `whimbrel release` and the same by SDK (how-to: release from a pipeline). */
export const CI_ACTIONS = ["product:read", "firmware:read", "firmware:write", "job:read", "job:write"];

export type Preset = "read" | "release" | "everything" | "own";

let drafts = 0;

export function draftOf(values: Partial<Draft> = {}): Draft {
  drafts += 1;
  return { actions: [], isReadOnly: false, products: [], groups: [], ...values, id: drafts };
}

/** What a preset puts into the editor; `own` begins with nothing. */
export function presetDrafts(preset: Preset): Draft[] {
  if (preset === "everything") return [draftOf({ actions: [ALL] })];
  if (preset === "read") return [draftOf({ actions: [ALL], isReadOnly: true })];
  if (preset === "release") return [draftOf({ actions: CI_ACTIONS })];
  return [draftOf()];
}

const split = (text: string): string[] => (text === ALL || text === "" ? [] : text.split(","));

export function draftsOf(statements: WireStatement[]): Draft[] {
  return statements.map(({ actions, access, products, groups }) =>
    draftOf({
      actions: actions.split(","),
      isReadOnly: access === "read",
      products: split(products),
      groups: split(groups),
    }),
  );
}

/** As XCreateAccessKey and XUpdateAccessKey take it. */
export function sentOf(draftsNow: Draft[]): SentStatement[] {
  return draftsNow.map(({ actions, isReadOnly, products, groups }) => ({
    Actions: actions.join(","),
    Access: isReadOnly ? "read" : "write",
    ...(products.length > 0 ? { Products: products.join(",") } : {}),
    ...(groups.length > 0 ? { Groups: groups.join(",") } : {}),
  }));
}

/** Whether the statement opens everything: only such keys hand out rights. */
export function isEverything({ actions, access, products, groups }: WireStatement): boolean {
  return actions.split(",").includes(ALL) && access === "write" && products === ALL && groups === ALL;
}

/** One statement as a sentence part: "firmware: read and write · 2 products". */
export function statementWords(statement: WireStatement, t: Words["t"]): string {
  if (isEverything(statement)) return t("keys.rights.everything");
  const names = statement.actions.split(",");
  const isRead = statement.access === "read";
  const parts = names.includes(ALL)
    ? [t(isRead ? "keys.rights.allReading" : "keys.rights.allActions")]
    : [...permissionWords(names, isRead, t), ...actionWords(names)];
  const [products, groups] = [split(statement.products), split(statement.groups)];
  if (products.length > 0) parts.push(t("keys.rights.products", { count: products.length }));
  if (groups.length > 0) parts.push(t("keys.rights.groups", { count: groups.length }));
  return parts.join(" · ");
}

function permissionWords(names: string[], isRead: boolean, t: Words["t"]): string[] {
  const words: string[] = [];
  for (const noun of PERMISSION_NOUNS) {
    const [reads, writes] = [names.includes(`${noun}:read`), names.includes(`${noun}:write`) && !isRead];
    if (!reads && !writes) continue;
    const how = reads && writes ? "keys.rights.both" : writes ? "keys.rights.write" : "keys.rights.read";
    words.push(t(how, { noun: t(`keys.noun.${noun}`) }));
  }
  return words;
}

function actionWords(names: string[]): string[] {
  const actions = names.filter((name) => !name.includes(":"));
  if (actions.length <= NAMES_SHOWN_MAX) return actions;
  return [...actions.slice(0, NAMES_SHOWN_MAX), `+${actions.length - NAMES_SHOWN_MAX}`];
}

/** Why the editor's statements cannot be sent yet; null when they can. */
export function draftsFault(draftsNow: Draft[]): "keys.noStatement" | "keys.noActions" | null {
  if (draftsNow.length === 0) return "keys.noStatement";
  return draftsNow.some(({ actions }) => actions.length === 0) ? "keys.noActions" : null;
}
