/** What a file's name says of the firmware in it: offered in the form, and never more than that. */

/** Endings that GenerateOTAUploadURL takes; the longest that fits wins. */
export const ENDINGS = [
  "signed.bin",
  "tar.gz",
  "tar.xz",
  "bin",
  "dav",
  "apk",
  "tar",
  "gz",
  "zip",
  "gzip",
  "pack",
  "swu",
  "raucb",
  "zck",
  "img",
] as const;
export type Ending = (typeof ENDINGS)[number];

const NAME_LENGTH_MAX = 40;
const FILE_NAME_LENGTH_MAX = 32;

/** The ending that the file is kept under; devices of DDI look for it. Any other file is a `bin`. */
export function endingOf(fileName: string): Ending {
  return knownEnding(fileName) ?? "bin";
}

/** Whether the server keeps the file's own ending. */
export function keepsEnding(fileName: string): boolean {
  return knownEnding(fileName) !== undefined;
}

function knownEnding(fileName: string): Ending | undefined {
  const lower = fileName.toLowerCase();
  return ENDINGS.find((ending) => lower.endsWith(`.${ending}`));
}

function stem(fileName: string): string {
  const ending = knownEnding(fileName);
  return ending === undefined ? fileName.replace(/\.[A-Za-z0-9]{1,6}$/, "") : fileName.slice(0, -ending.length - 1);
}

/** `lamp-v1.4.2-rc1.bin` has 1.4.2-rc1; nothing where there is no number with a full stop in it. */
export function versionIn(fileName: string): string {
  const found = /(?:^|[^A-Za-z0-9.])[vV]?(\d+(?:\.\d+)+(?:[-.](?:alpha|beta|rc|dev|pre)[.\d]*)?)/.exec(stem(fileName));
  return found?.[1]?.replace(/\.$/, "") ?? "";
}

/** A name for firmware, of the characters that a name may have: `lamp-1-4-2`. */
export function nameFor(fileName: string): string {
  const plain = stem(fileName)
    .replace(/[^\p{Script=Han}A-Za-z0-9_()-]+/gu, "-")
    .replace(/^[-_()]+|-+$/g, "");
  return plain.slice(0, NAME_LENGTH_MAX);
}

/** Names of several files: at most 32 characters, each once. */
export function fileNames(names: string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let short = name.slice(-FILE_NAME_LENGTH_MAX);
    for (let number = 2; taken.has(short); number++) short = `${number}-${name}`.slice(0, FILE_NAME_LENGTH_MAX);
    taken.add(short);
    return short;
  });
}
