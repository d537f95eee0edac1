import { describe, expect, it } from "vitest";
import { listingOf, tagOf } from "~/pages/devices/list/listing";
import { inPieces, namesIn, storyOf } from "~/pages/devices/parts/names";
import { type Event, lineBegins, pieceOf, staysOf, tagsIn, tasksOf, toneOf } from "~/pages/devices/story/reading";
import { EMPTY_RULE, expressionOf, listingOfRule } from "~/pages/groups/expression";

const listing = (query: string) => {
  const search = new URLSearchParams(query);
  return listingOf((name) => search.get(name) ?? "");
};

describe("filters", () => {
  it("ask for nothing that the address does not name", () => {
    expect(listing("")).toEqual({});
    expect(listing("page=3&quiet=x")).toEqual({});
  });

  it("are the call's parameters", () => {
    expect(listing("product=k1&text=hall&name=lamp-&state=OFFLINE&group=g&quiet=24&tag=site%3DHamburg")).toEqual({
      ProductKey: "k1",
      Text: "hall",
      NamePrefix: "lamp-",
      State: "OFFLINE",
      GroupId: "g",
      QuietHours: 24,
      TagKey: "site",
      TagValue: "Hamburg",
    });
  });

  it("name a module only where its version is asked for", () => {
    expect(listing("product=k1&module=radio")).toEqual({ ProductKey: "k1" });
    expect(listing("product=k1&module=radio&version=0.9")).toMatchObject({
      ModuleName: "radio",
      ReportedVersion: "0.9",
    });
    expect(listing("product=k1&module=radio&never=1")).toMatchObject({ ModuleName: "radio", NeverReported: true });
  });

  it("keep what is behind the first = of a tag", () => {
    expect([tagOf("site"), tagOf("a=b=c"), tagOf("=x"), tagOf(" site = ")]).toEqual([
      { TagKey: "site" },
      { TagKey: "a", TagValue: "b=c" },
      {},
      { TagKey: "site" },
    ]);
  });
});

describe("names", () => {
  it("are found in what somebody pasted, each once", () => {
    expect(namesIn(" lamp-1, lamp-2;\nlamp-1\ta:b@c.d_e ")).toEqual(["lamp-1", "lamp-2", "a:b@c.d_e"]);
    expect(namesIn(" ,;\n")).toEqual([]);
  });

  it("go into pieces of a call's size", () => {
    expect(inPieces([1, 2, 3], 2)).toEqual([[1, 2], [3]]);
  });

  it("are escaped in a route", () => {
    expect(storyOf({ productKey: "k1", deviceName: "a:b@c" })).toBe("/devices/k1/a%3Ab%40c");
  });
});

const at = (minute: number) => new Date(Date.UTC(2025, 0, 1, 0, minute)).toISOString();
const event = (minute: number, more: Partial<Event>): Event => ({ utcTime: at(minute), kind: "TASK", ...more });

describe("a story", () => {
  it("has each task once, as its newest event has it", () => {
    const told = { taskId: "9", jobId: "5", moduleName: "default", srcVersion: "1", destVersion: "2" };
    const events = [
      event(3, { ...told, taskStatus: "FAILED", attempt: 2, progress: 40, words: "step -2" }),
      event(2, { ...told, taskStatus: "QUEUED", attempt: 1 }),
      event(1, { taskId: "8", jobId: "4", taskStatus: "SUCCEEDED", attempt: 1, progress: 100 }),
    ];
    expect(tasksOf(events)).toEqual([
      expect.objectContaining({ taskId: "9", status: "FAILED", attempt: 2, progress: 40, words: "step -2" }),
      expect.objectContaining({ taskId: "8", status: "SUCCEEDED", destVersion: "" }),
    ]);
  });

  it("has stays, of which the last may go on", () => {
    const stays = staysOf(
      [event(20, { kind: "ONLINE" }), event(0, { kind: "ONLINE" })],
      [event(10, { kind: "OFFLINE", connections: 3 })],
    );
    expect(stays).toEqual([
      { sinceMs: Date.parse(at(20)), untilMs: null, connections: 1 },
      { sinceMs: Date.parse(at(0)), untilMs: Date.parse(at(10)), connections: 3 },
    ]);
  });

  it("shows of a stay what is in the window", () => {
    const stay = { sinceMs: 0, untilMs: 50, connections: 1 };
    expect(pieceOf(stay, 0, 100)).toEqual({ at: 0, length: 0.5 });
    expect(pieceOf(stay, 25, 125)).toEqual({ at: 0, length: 0.25 });
    expect(pieceOf({ ...stay, untilMs: null }, 0, 100)).toEqual({ at: 0, length: 1 });
    expect(pieceOf(stay, 50, 150)).toBeNull();
  });

  it("has tags, and none of what is no object", () => {
    expect([tagsIn('{"a":"b"}'), tagsIn("null"), tagsIn("{")]).toEqual([[["a", "b"]], [], []]);
  });

  it("looks good when the news are good", () => {
    expect(["AT_DEST_VERSION", "FAILED", "READY", "NO_JOB", "OFFLINE"].map(toneOf)).toEqual([
      "marsh",
      "clay",
      "estuary",
      "gray",
      "sand",
    ]);
  });
});

describe("a dynamic group's rule", () => {
  it("says nothing before it has a product, or with half a tag", () => {
    expect([EMPTY_RULE, { ...EMPTY_RULE, productKey: "k1", tagKey: "site" }].map(expressionOf)).toEqual(["", ""]);
  });

  it("is an expression, and the list of the same devices", () => {
    const rule = { productKey: "k1", prefix: " lamp-", tagKey: "site", tagValue: "Hamburg" };
    expect(expressionOf(rule)).toBe(
      'product_key = "k1" and name LIKE "lamp-%" and tag.tag_name = "site" and tag.tag_value = "Hamburg"',
    );
    expect(listingOfRule(rule)).toEqual({
      ProductKey: "k1",
      NamePrefix: "lamp-",
      TagKey: "site",
      TagValue: "Hamburg",
    });
  });
});

describe("the line of presence", () => {
  const stay = { sinceMs: 90, untilMs: null, connections: 1 };

  it("begins with the device where that is known, else a whole length ago", () => {
    expect(lineBegins([stay], 100, 50, 2)).toBe(90);
    expect(lineBegins([{ ...stay, sinceMs: 10 }], 100, 50, 2)).toBe(50);
    expect(lineBegins([stay, stay], 100, 50, 2)).toBe(50);
    expect(lineBegins([], 100, 50, 2)).toBe(50);
  });
});
