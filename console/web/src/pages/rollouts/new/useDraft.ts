import { useCallback, useState } from "react";
import type { Draft } from "./draft";

/** What is said of one firmware and means nothing for another. */
const UNSAID = { srcVersions: [], groupId: "", ruleGroupId: "", names: "", list: null };

/**
 * Draft kept in this tab until the job is made: who looks something up elsewhere comes back to what was said. `asked` is
 * what the address says of it, and comes first.
 */
export function useDraft(user: string, firmwareId: string, asked: Partial<Draft>, first: () => Draft) {
  const key = `whimbrel-rollout:${user}:${firmwareId}`;
  const [kept, setKept] = useState(() => ({ key, draft: { ...first(), ...read(key), ...asked } }));
  // Another firmware is another draft.
  const shown = kept.key === key ? kept.draft : { ...kept.draft, ...(read(key) ?? UNSAID), ...asked };
  const change = useCallback(
    (changes: Partial<Draft>) => {
      setKept(() => {
        const draft = { ...shown, ...changes };
        write(key, JSON.stringify(draft));
        return { key, draft };
      });
    },
    [key, shown],
  );
  return { draft: shown, change, forget: () => write(key, null) };
}

function read(key: string): Draft | null {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null") as Draft | null;
  } catch {
    return null;
  }
}

function write(key: string, text: string | null): void {
  try {
    if (text === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, text);
  } catch {
    // A browser that keeps nothing has the draft as long as the page is open.
  }
}
