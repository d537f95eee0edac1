import { useCallback } from "react";
import { useSearchParams } from "react-router";

/**
 * Filters in the address, `#/devices?state=OFFLINE&page=3`: a number elsewhere can link to exactly these rows, and Back
 * goes back. Setting anything but `page` begins at page 1 again; an empty value leaves the address.
 */
export function useQueryState() {
  const [search, setSearch] = useSearchParams();
  const set = useCallback(
    (changes: Readonly<Record<string, string | number | null>>) => {
      const after = addressNow();
      if (!("page" in changes)) after.delete("page");
      for (const [name, value] of Object.entries(changes)) {
        if (value === null || value === "" || (name === "page" && value === 1)) after.delete(name);
        else after.set(name, String(value));
      }
      setSearch(after, { replace: true });
    },
    [setSearch],
  );
  return {
    get: (name: string): string => search.get(name) ?? "",
    getAll: (name: string): string[] => search.getAll(name),
    page: Math.max(1, Math.trunc(Number(search.get("page"))) || 1),
    set,
    setPage: (page: number) => set({ page }),
    isEmpty: [...search.keys()].every((name) => name === "page"),
    clear: () => setSearch({}, { replace: true }),
  };
}

/** What the address has: the render that calls may be older than another field's change. */
function addressNow(): URLSearchParams {
  return new URLSearchParams(window.location.hash.split("?")[1] ?? "");
}
