import { describe, expect, it } from "vitest";
import { actorName, membersOf, placesOf } from "~/pages/audit/entries";
import { draftsFault, draftsOf, presetDrafts, sentOf, statementWords } from "~/pages/keys/rights";
import { snippetOf } from "~/pages/keys/snippets";
import { type Attention, placeOf, withHealth } from "~/pages/overview/attention";
import { isNew, nextStep, stepsOf } from "~/pages/overview/steps";
import { versionRows } from "~/pages/overview/versions";
import { BOUNDS, faultOf, formOf, sentOf as sentDefaults } from "~/pages/settings/defaults";
import { isElsewhere, mqttAddress } from "~/pages/settings/server";
import { browserName } from "~/pages/users/browsers";

const t = ((key: string, values: object = {}) => [key, ...Object.values(values)].join(" ")) as never;

describe("a key's rights", () => {
  const all = { actions: "*", access: "write", products: "*", groups: "*" };

  it("are said in words", () => {
    const say = (changes: object) => statementWords({ ...all, ...changes }, t);
    expect(say({})).toBe("keys.rights.everything");
    expect(say({ access: "read" })).toBe("keys.rights.allReading");
    expect(say({ products: "k1,k2" })).toBe("keys.rights.allActions · keys.rights.products 2");
    expect(say({ actions: "job:read,job:write,Query*,A,B,C" })).toBe(
      "keys.rights.both keys.noun.job · Query* · A · B · +1",
    );
    expect(say({ actions: "job:read,job:write", access: "read" })).toBe("keys.rights.read keys.noun.job");
  });

  it("are sent as they were read", () => {
    const statement = { actions: "job:read,Query*", access: "read", products: "k1", groups: "g1,g2" };
    expect(sentOf(draftsOf([statement]))).toEqual([
      { Actions: "job:read,Query*", Access: "read", Products: "k1", Groups: "g1,g2" },
    ]);
    expect(sentOf(draftsOf([all]))).toEqual([{ Actions: "*", Access: "write" }]);
  });

  it("need an action in each statement", () => {
    expect(draftsFault([])).toBe("keys.noStatement");
    expect(draftsFault(presetDrafts("own"))).toBe("keys.noActions");
    for (const preset of ["read", "release", "everything"] as const)
      expect(draftsFault(presetDrafts(preset))).toBe(null);
  });

  it("are used by lines that name the server as callers reach it", () => {
    const signer = { id: "ID", secret: "SECRET", server: "https://ota.example.org/a" };
    expect(snippetOf("cli", signer)).toContain("WHIMBREL_SERVER=https://ota.example.org/a\n");
    expect(snippetOf("tea", signer)).toContain('protocol="https"');
    expect(snippetOf("python", { ...signer, server: "http://h:1" })).not.toContain("https");
    expect(snippetOf("node", signer)).toContain("accessKeySecret: 'SECRET'");
  });
});

describe("an entry of the trail", () => {
  const of = (action: string, parameters: object, objects: object = {}) =>
    placesOf({ action, parameters: JSON.stringify(parameters), objects: JSON.stringify(objects) }).map(({ to }) => to);

  it("leads to what it is about, escaped", () => {
    expect(of("XPauseOTAJob", { JobId: "3" })).toEqual(["/rollouts/3"]);
    expect(of("CreateOTAStaticUpgradeJob", { FirmwareId: "1", ProductKey: "k" }, { JobId: "7" })).toEqual([
      "/rollouts/7",
    ]);
    expect(of("SaveDeviceProp", { ProductKey: "k", DeviceName: "a/b?c" })).toEqual(["/devices/k/a%2Fb%3Fc"]);
    expect(of("CreateProduct", {}, { ProductKey: "k" })).toEqual(["/products/k"]);
    expect(of("XInviteConsoleUser", { Name: "ann" })).toEqual(["/users"]);
  });

  it("leads nowhere once the thing is gone", () => {
    expect(of("DeleteProduct", { ProductKey: "k" })).toEqual([]);
    expect(of("XDeleteAccessKey", { UserAccessKeyId: "k" })).toEqual([]);
  });

  it("is read whatever a caller wrote", () => {
    expect(membersOf("not JSON")).toEqual([]);
    expect(membersOf('{"__proto__":"x","n":1}')).toEqual([
      ["__proto__", "x"],
      ["n", "1"],
    ]);
    expect([actorName("user:ann@example.org"), actorName("n3Xy")]).toEqual(["ann@example.org", "n3Xy"]);
  });
});

describe("the overview", () => {
  const item = (kind: string, more: object = {}) =>
    ({ kind, productKey: "k", productName: "p", reason: "r", ...more }) as Attention;

  it("puts lost devices right behind what is halted, and asks nobody else for them", () => {
    const live = [item("JOB_HALTED"), item("JOB_PAUSED")];
    const looked = [item("JOB_HALTED"), item("UPGRADE_CONSPICUOUS")];
    expect(withHealth(live, looked).map(({ kind }) => kind)).toEqual([
      "JOB_HALTED",
      "UPGRADE_CONSPICUOUS",
      "JOB_PAUSED",
    ]);
    expect(withHealth(live, undefined)).toEqual(live);
  });

  it("leads to where something can be done", () => {
    expect(placeOf(item("JOB_HALTED", { jobId: "1", firmwareId: "2" }))).toBe("/rollouts/1");
    expect(placeOf(item("VERIFICATION_FAILED", { firmwareId: "2" }))).toBe("/firmware/2");
    expect(placeOf(item("PRODUCT_NEVER_ONLINE"))).toBe("/products/k");
  });

  it("ticks the first steps by the server's numbers", () => {
    const devices = { total: 2, online: 0, offline: 0, unactive: 2, disable: 0 };
    const firmware = { total: 2, unverified: 1, verifying: 0, verificationFailed: 1 };
    const overview = { productCount: 1, devices, firmware } as never;
    const steps = stepsOf(overview, false);
    expect(steps).toEqual({ product: true, device: false, upload: true, verify: false, rollout: false });
    expect([isNew(steps), nextStep(steps)]).toEqual([true, "device"]);
    expect(isNew(stepsOf(overview, true))).toBe(false);
  });

  it("names what has no version", () => {
    const product = { versions: [{ version: "1", count: 3 }], otherCount: 2, neverReportedCount: 1 } as never;
    expect(versionRows(product).map(({ kind, count }) => [kind, count])).toEqual([
      ["version", 3],
      ["other", 2],
      ["never", 1],
    ]);
  });
});

describe("the rollout defaults", () => {
  const data = { xGate: "ON", xGateLimit: "2.5", xGateSilentMinutes: 30, xGateSilentHours: 24, xPace: "NONE" } as never;

  it("are sent whole, without what is switched off", () => {
    expect(sentDefaults(formOf(data))).toEqual({
      XGate: "ON",
      XGateLimit: "2.5",
      XGateSilentMinutes: 30,
      XGateSilentHours: 24,
      XPace: "NONE",
    });
    expect(sentDefaults({ ...formOf(data), hasGate: false, hasPace: true })).toEqual({
      XGate: "OFF",
      XPace: "EVIDENCE",
      XPaceGrowth: 5,
    });
  });

  it("stay within the server's bounds", () => {
    const form = { ...formOf(data), hasPace: true };
    expect(faultOf(form)).toBe(null);
    for (const name of ["limit", "silentMinutes", "silentHours", "first", "growth"] as const) {
      const { least, most } = BOUNDS[name];
      for (const value of [least, most]) expect(faultOf({ ...form, [name]: value }), name).toBe(null);
      for (const value of [least - 1, most + 1]) expect(faultOf({ ...form, [name]: value }), name).toBe(name);
    }
    expect(faultOf({ ...form, growth: "" })).toBe("growth");
    expect(faultOf({ ...form, hasGate: false, limit: "" })).toBe(null);
  });
});

describe("a server", () => {
  it("is elsewhere when its links lead to another origin", () => {
    expect(isElsewhere("https://ota.example.org", "https://ota.example.org/console/")).toBe(false);
    expect(isElsewhere("http://127.0.0.1:8686", "https://ota.example.org/console/")).toBe(true);
    expect(isElsewhere("", "https://ota.example.org/console/")).toBe(false);
  });

  it("says where devices connect", () => {
    expect(mqttAddress({ host: "::1", port: 8883, hasTls: true })).toBe("mqtts://[::1]:8883");
    expect(mqttAddress({ host: "ota", port: 1883, hasTls: false })).toBe("mqtt://ota:1883");
  });
});

it("a browser is named as people know it", () => {
  expect(
    browserName("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"),
  ).toBe("Edge, Windows");
  expect(browserName("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1")).toBe(
    "Safari, iOS",
  );
  expect(browserName(`python-httpx/0.28.1 ${"x".repeat(99)}`)).toHaveLength(40);
});
