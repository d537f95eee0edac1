import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { call, callForSecrets } from "~/api/client";
import { CallError, REFUSED } from "~/api/errors";
import { Presses } from "~/api/presses";
import { showError } from "~/parts/toasts";
import type { Named } from "../parts/names";

const ASK_AGAIN_MS = 400;
const PAGE_SIZE = 50;

export interface Credentials extends Named {
  deviceSecret: string;
}

interface Wanted {
  productKey: string;
  /** One empty name is a random one. */
  names: string[];
  nickname: string;
}

/** Registers what is wanted. What it answers is kept by the dialog alone, and goes with it. */
export function useRegistering() {
  const client = useQueryClient();
  const presses = useRef(new Presses());
  const registering = useMutation<Credentials[], CallError, Wanted>({
    gcTime: 0,
    mutationFn: (wanted) => (wanted.names.length === 1 ? one(wanted) : several(wanted)),
    onSuccess: () => client.invalidateQueries({ queryKey: ["call"] }),
    onError: showError,
    onSettled: (_made, error, wanted) => presses.current.end(JSON.stringify(wanted), error === null, performance.now()),
  });
  return {
    ...registering,
    /** Once, however often it is pressed: without a name each would be one more device. */
    mutate: (wanted: Wanted) => {
      if (presses.current.begin(JSON.stringify(wanted), performance.now())) registering.mutate(wanted);
    },
  };
}

async function one({ productKey, names: [name = ""], nickname }: Wanted): Promise<Credentials[]> {
  const { data } = await call("RegisterDevice", {
    ProductKey: productKey,
    ...(name === "" ? {} : { DeviceName: name }),
    ...(nickname.trim() === "" ? {} : { Nickname: nickname.trim() }),
  });
  return [data];
}

/** All or none: a name that is taken or malformed refuses them all, and is named. */
async function several({ productKey, names }: Wanted): Promise<Credentials[]> {
  const asked = { ProductKey: productKey, ApplyId: 0 };
  const check = await call("BatchCheckDeviceNames", { ProductKey: productKey, DeviceName: names });
  asked.ApplyId = check.data.applyId;
  await proved(asked);
  await call("BatchRegisterDeviceWithApplyId", asked);
  while ((await proved(asked)) === "CREATE") await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  const devices: Credentials[] = [];
  for (let page = 1, pages = 1; page <= pages; page++) {
    const answer = await callForSecrets("QueryPageByApplyId", {
      ApplyId: asked.ApplyId,
      CurrentPage: page,
      PageSize: PAGE_SIZE,
    });
    pages = answer.pageCount;
    devices.push(...answer.applyDeviceList.applyDeviceInfo.map((device) => ({ productKey, ...device })));
  }
  return devices;
}

/** The apply's status. Raises CallError with the names at fault. */
async function proved(asked: { ProductKey: string; ApplyId: number }): Promise<string> {
  const { status, invalidDetailList, invalidList } = (await call("QueryBatchRegisterDeviceStatus", asked)).data;
  if (!status.endsWith("FAILED")) return status;
  const details = invalidDetailList.invalidDetailList.map((one) => `${one.deviceName}: ${one.errorMsg}`);
  const said = details.length > 0 ? details : invalidList.name;
  throw new CallError(said.join(" · "), REFUSED, 0);
}
