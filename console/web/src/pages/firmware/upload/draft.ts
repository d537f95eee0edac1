/** What the form holds of new firmware, and what becomes of it in CreateOTAFirmware. */
import type { Parameters } from "~/api/types";
import { fileNames, nameFor, versionIn } from "./guess";
import type { Upload } from "./useUploads";

export interface Draft {
  productKey: string;
  moduleName: string;
  version: string;
  name: string;
  isDifference: boolean;
  sourceVersion: string;
  description: string;
  signMethod: "SHA256" | "MD5";
  needToVerify: boolean;
}

export const EMPTY: Draft = {
  productKey: "",
  moduleName: "default",
  version: "",
  name: "",
  isDifference: false,
  sourceVersion: "",
  description: "",
  signMethod: "SHA256",
  needToVerify: true,
};

/** What the first file's name says fills what is still empty. */
export function suggested(draft: Draft, fileName: string): Draft {
  return { ...draft, version: draft.version || versionIn(fileName), name: draft.name || nameFor(fileName) };
}

/** Whether nothing that must be there is missing; whether it is right, the server says. */
export function isComplete(draft: Draft, uploads: Upload[]): boolean {
  const { productKey, version, name, isDifference, sourceVersion } = draft;
  const isNamed = productKey !== "" && version.trim() !== "" && name.trim() !== "";
  const isStored = uploads.length > 0 && uploads.every(({ state }) => state === "stored");
  return isNamed && isStored && (!isDifference || sourceVersion.trim() !== "");
}

/** With the digest and the size that this browser read: the server compares them with what it stored. */
export function creation(draft: Draft, uploads: Upload[]): Parameters<"CreateOTAFirmware"> {
  const sign = ({ digests }: Upload) => (draft.signMethod === "MD5" ? digests?.md5 : digests?.sha256) ?? "";
  const [only] = uploads;
  const names = fileNames(uploads.map(({ file }) => file.name));
  const files =
    uploads.length === 1 && only
      ? { FirmwareUrl: only.url ?? "", FirmwareSign: sign(only), FirmwareSize: only.digests?.sizeBytes ?? 0 }
      : {
          MultiFiles: uploads.map((upload, index) => ({
            Name: names[index] ?? "",
            Url: upload.url ?? "",
            Size: upload.digests?.sizeBytes ?? 0,
            FileMd5: upload.digests?.md5 ?? "",
            SignValue: sign(upload),
          })),
        };
  return {
    ...files,
    ProductKey: draft.productKey,
    ModuleName: draft.moduleName,
    DestVersion: draft.version.trim(),
    FirmwareName: draft.name.trim(),
    SignMethod: draft.signMethod,
    NeedToVerify: draft.needToVerify,
    ...(draft.description.trim() === "" ? {} : { FirmwareDesc: draft.description.trim() }),
    ...(draft.isDifference ? { Type: 1, SrcVersion: draft.sourceVersion.trim() } : {}),
  };
}
