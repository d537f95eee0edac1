import { useState } from "react";
import { useCall, useLiveCall } from "~/api/hooks";
import type { Answer } from "~/api/types";
import type { Listing } from "./listing";

export const PAGE_SIZE = 20;
export type Row = Answer<"XListDevices">["data"]["devices"][number];

/**
 * The pages of a search, live. Where the server counts, they have numbers. Elsewhere one goes on from page to page, and
 * back: then the rows' states alone are watched, because each look at the list may go through 20,000 devices.
 */
export function useDevicePages(filters: Listing, page: number) {
  const wire = JSON.stringify(filters);
  const [trail, setTrail] = useState({ wire, tokens: [] as string[] });
  const tokens = trail.wire === wire ? trail.tokens : [];
  const token = tokens.at(-1);
  const place = token !== undefined ? { NextToken: token } : page > 1 ? { CurrentPage: page } : {};
  const parameters = { ...filters, ...place, PageSize: PAGE_SIZE };
  const list = useCall("XListDevices", parameters, { keepPrevious: true });
  const isCounted = list.data?.total !== undefined;
  useLiveCall("XListDevices", parameters, { enabled: isCounted && !list.isPlaceholderData });
  const ids = isCounted ? [] : (list.data?.data.devices.map((row) => row.iotId) ?? []);
  const states = useLiveCall("BatchGetDeviceState", { IotId: ids }, { enabled: ids.length > 0 });
  const now = new Map(states.data?.deviceStatusList.deviceStatus.map((one) => [one.iotId, one.status]));
  const next = list.data?.nextToken;
  return {
    list,
    isCounted,
    rows: list.data?.data.devices.map((row) => ({ ...row, state: now.get(row.iotId) ?? row.state })),
    forth: next === undefined ? undefined : () => setTrail({ wire, tokens: [...tokens, next] }),
    back: token === undefined ? undefined : () => setTrail({ wire, tokens: tokens.slice(0, -1) }),
  };
}
