/**
 * The texts of one language: a file for each page, so that nobody who writes one page edits another's. A key with
 * `_one` and `_other` is a plural: the number is the parameter `count`.
 */

import type approval from "./en/approval.json";
import type audit from "./en/audit.json";
import type common from "./en/common.json";
import type devices from "./en/devices.json";
import type errors from "./en/errors.json";
import type firmware from "./en/firmware.json";
import type groups from "./en/groups.json";
import type keys from "./en/keys.json";
import type me from "./en/me.json";
import type overview from "./en/overview.json";
import type products from "./en/products.json";
import type rollouts from "./en/rollouts.json";
import type settings from "./en/settings.json";
import type shell from "./en/shell.json";
import type signing from "./en/signing.json";
import type status from "./en/status.json";
import type users from "./en/users.json";
import type wizard from "./en/wizard.json";

interface Files {
  approval: typeof approval;
  audit: typeof audit;
  common: typeof common;
  devices: typeof devices;
  errors: typeof errors;
  firmware: typeof firmware;
  groups: typeof groups;
  keys: typeof keys;
  me: typeof me;
  overview: typeof overview;
  products: typeof products;
  rollouts: typeof rollouts;
  settings: typeof settings;
  shell: typeof shell;
  signing: typeof signing;
  status: typeof status;
  users: typeof users;
  wizard: typeof wizard;
}

type Base<Key extends string> = Key extends `${infer Name}_one` | `${infer Name}_other` ? Name : Key;

/** `file.key`, without the endings of plurals. */
export type WordKey = { [File in keyof Files]: `${File}.${Base<keyof Files[File] & string>}` }[keyof Files];

/** Texts by `file.key`, the endings of plurals included. */
export type Catalogue = Readonly<Record<string, string>>;

/** One catalogue from its files, by their names. */
export function gather(files: Record<string, Record<string, string>>): Catalogue {
  const texts: Record<string, string> = {};
  for (const [path, keys] of Object.entries(files)) {
    const file = path.replace(/^.*\//, "").replace(/\.json$/, "");
    for (const [key, text] of Object.entries(keys)) texts[`${file}.${key}`] = text;
  }
  return texts;
}
