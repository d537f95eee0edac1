import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { call } from "~/api/client";
import type { CallError } from "~/api/errors";
import { callKey } from "~/api/hooks";
import type { Answer, Parameters } from "~/api/types";

const SETTLES_MS = 450;
const AGAIN_MS = 1_200; // a preview may be asked for once a second
const TRIES_MAX = 6;
const KEPT_MS = 60_000;
const BUSY = ["Throttling.User", "ServiceUnavailable"];

/**
 * What a job would do, asked anew when `parameters` settle; what was asked before is given up. Null asks nothing.
 * `isOutdated`: the answer is of what stood there before.
 */
export function usePreview(parameters: Parameters<"XPreviewOTAJob"> | null) {
  const wanted = JSON.stringify(parameters);
  const [settled] = useDebouncedValue(wanted, SETTLES_MS);
  const asked = JSON.parse(settled) as Parameters<"XPreviewOTAJob"> | null;
  const query = useQuery<Answer<"XPreviewOTAJob">, CallError>({
    queryKey: callKey("XPreviewOTAJob", asked ?? {}),
    queryFn: ({ signal }) => call("XPreviewOTAJob", asked as Parameters<"XPreviewOTAJob">, signal),
    enabled: asked !== null,
    placeholderData: keepPreviousData,
    staleTime: KEPT_MS,
    retry: (failures, error) => BUSY.includes(error.code) && failures < TRIES_MAX,
    retryDelay: AGAIN_MS,
  });
  return {
    preview: asked === null ? undefined : query.data?.data,
    error: query.error,
    retry: () => void query.refetch(),
    isOutdated: wanted !== settled || query.isPlaceholderData || query.isFetching,
  };
}
