import { call } from "~/api/client";
import { CallError, REFUSED, UNREACHABLE } from "~/api/errors";

export interface DeviceList {
  name: string;
  url: string;
  /** Lines of the file, a header not counted: what the server makes of them the preview says. */
  devices: number;
}

/** Sends a file with a device name a line, for DnListFileUrl. Raises CallError. */
export async function uploadList(file: File): Promise<DeviceList> {
  const lines = (await file.text()).split(/\r?\n/).filter((line) => line.trim() !== "");
  const { data } = await call("GenerateDeviceNameListURL", {});
  const form = new FormData();
  form.set("key", data.key);
  form.set("policy", data.policy);
  form.set("OSSAccessKeyId", data.accessKeyId);
  form.set("Signature", data.signature);
  form.set("success_action_status", "200");
  form.set("file", file, "devices.csv");
  let response: Response;
  try {
    // The server that this page came from, whatever it calls itself: relative, as everything here is.
    response = await fetch("../", { method: "POST", body: form, credentials: "omit", redirect: "error" });
  } catch {
    throw new CallError("the server cannot be reached", UNREACHABLE, 0);
  }
  if (!response.ok) throw refusalIn(await response.text(), response);
  const isHeaded = lines[0]?.split(",")[0]?.trim() === "DeviceName";
  return { name: file.name, url: data.fileUrl, devices: lines.length - (isHeaded ? 1 : 0) };
}

function refusalIn(body: string, { status, statusText }: Response): CallError {
  const document = new DOMParser().parseFromString(body, "application/xml");
  const text = (name: string) => document.querySelector(name)?.textContent ?? "";
  return new CallError(
    text("Message") || `${status} ${statusText}`,
    text("Code") || REFUSED,
    status,
    text("RequestId"),
  );
}
