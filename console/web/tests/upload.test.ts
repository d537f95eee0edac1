import { describe, expect, it } from "vitest";
import { creation, EMPTY, isComplete, suggested } from "~/pages/firmware/upload/draft";
import { endingOf, fileNames, keepsEnding, nameFor, versionIn } from "~/pages/firmware/upload/guess";
import { paceOf, uploadAddress } from "~/pages/firmware/upload/transfer";
import type { Upload } from "~/pages/firmware/upload/useUploads";

const stored = (name: string, id = 1): Upload => ({
  id,
  file: new File(["x"], name),
  state: "stored",
  sentBytes: 1,
  startedMs: 0,
  url: `https://ota.example/ota/firmware/${id}.bin`,
  digests: { sha256: `sha${id}`, md5: `md5${id}`, sizeBytes: 1 },
});

describe("a file's name", () => {
  it.each([
    ["lamp-v1.4.2.bin", "1.4.2"],
    ["gateway_os-3.4.0-rc1.raucb", "3.4.0-rc1"],
    ["fw.2.0.tar.gz", ""],
    ["image 10.0.1.signed.bin", "10.0.1"],
    ["firmware.bin", ""],
    ["abc123.bin", ""],
  ])("%s has the version %j", (name, version) => expect(versionIn(name)).toBe(version));

  it("keeps the endings that devices look for, the longest that fits", () => {
    expect(["a.SWU", "a.tar.gz", "a.signed.bin", "a.hex", "a"].map(endingOf)).toEqual([
      "swu",
      "tar.gz",
      "signed.bin",
      "bin",
      "bin",
    ]);
    expect([keepsEnding("a.bin"), keepsEnding("a.hex")]).toEqual([true, false]);
  });

  it("becomes a name that firmware may have: its characters, at most 40", () => {
    expect(nameFor("lamp v1.4.2.bin")).toBe("lamp-v1-4-2");
    expect(nameFor("_固件<b>1.0.bin")).toBe("固件-b-1-0");
    expect(nameFor(`${"a".repeat(41)}.bin`)).toHaveLength(40);
  });

  it("becomes one of at most 32 characters, each once", () => {
    const long = `${"x".repeat(40)}.bin`;
    const names = fileNames([long, long, "a.bin"]);
    expect(new Set(names).size).toBe(3);
    expect(Math.max(...names.map((name) => name.length))).toBe(32);
  });
});

describe("new firmware", () => {
  const draft = { ...EMPTY, productKey: "k1", version: "1.0.0", name: "lamp" };

  it("is complete when all files are stored and nothing that must be there is missing", () => {
    const sending: Upload = { ...stored("b.bin", 2), state: "sending" };
    expect(isComplete(draft, [stored("a.bin")])).toBe(true);
    expect(isComplete(draft, [])).toBe(false);
    expect(isComplete(draft, [stored("a.bin"), sending])).toBe(false);
    expect(isComplete({ ...draft, isDifference: true }, [stored("a.bin")])).toBe(false);
  });

  it("takes from the name what is still empty, and no more", () => {
    expect(suggested({ ...EMPTY, version: "9" }, "lamp-1.4.2.bin")).toMatchObject({ version: "9", name: "lamp-1-4-2" });
  });

  it("hands the digest and the size of one file over, and those of each of several", () => {
    expect(creation(draft, [stored("a.bin")])).toMatchObject({ FirmwareSign: "sha1", FirmwareSize: 1 });
    expect(creation({ ...draft, signMethod: "MD5" }, [stored("a.bin")])).toMatchObject({ FirmwareSign: "md51" });
    const several = creation(draft, [stored("a.bin"), stored("b.bin", 2)]);
    expect(several).toMatchObject({ MultiFiles: [{ SignValue: "sha1" }, { SignValue: "sha2", FileMd5: "md52" }] });
    expect(several).not.toHaveProperty("FirmwareUrl");
  });
});

describe("the way to the server", () => {
  it("is the root that the page came from, whatever path stands before it", () => {
    expect(uploadAddress("http://a/console/#/firmware/new")).toBe("http://a/");
    expect(uploadAddress("https://a/updates/console/?x#/firmware/new")).toBe("https://a/updates/");
  });

  it("tells speed and time left, when there is something to tell", () => {
    expect(paceOf(0, 100, 10_000)).toBeNull();
    expect(paceOf(50, 100, 499)).toBeNull();
    expect(paceOf(50, 100, 1_000)).toEqual({ bytesPerS: 50, leftMs: 1_000 });
  });
});
