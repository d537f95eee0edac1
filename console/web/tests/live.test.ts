import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveHub, SILENT_MS, type Stream, WATCHES_MAX } from "~/api/live";

/** A stream as the browser's, driven by the test. */
class TestStream implements Stream {
  readyState = 1;
  private readonly listeners = new Map<string, (event: { data?: unknown }) => void>();
  constructor(readonly address: string) {}
  addEventListener(type: string, listener: (event: { data?: unknown }) => void) {
    this.listeners.set(type, listener);
  }
  close() {
    this.readyState = 2;
  }
  say(type: string, data?: object) {
    this.listeners.get(type)?.({ data: JSON.stringify(data) });
  }
  get watches(): { action: string; parameters: object }[] {
    return JSON.parse(decodeURIComponent(this.address.split("watch=")[1] ?? ""));
  }
}

let streams: TestStream[];
let ends: number;
let losses: boolean[];
let lostMs: number | null;
let hub: LiveHub;
const heard: unknown[] = [];
const listener = { onAnswer: (answer: unknown) => void heard.push(answer) };
const job = (id: string) => ({ action: "QueryOTAJob", parameters: { JobId: id } });

beforeEach(() => {
  vi.useFakeTimers();
  streams = [];
  ends = 0;
  losses = [];
  heard.length = 0;
  const open = (address: string) => {
    const stream = new TestStream(address);
    streams.push(stream);
    return stream;
  };
  hub = new LiveHub(
    open,
    () => ends++,
    (sinceMs) => {
      losses.push(sinceMs !== null);
      lostMs = sinceMs;
    },
  );
});
afterEach(() => vi.useRealTimers());

const settle = () => vi.advanceTimersByTime(100);

describe("LiveHub", () => {
  it("opens one stream for all that a page watches", () => {
    hub.add(job("1"), listener);
    hub.add(job("2"), listener);
    settle();
    expect(streams.map((stream) => stream.watches)).toEqual([[job("1"), job("2")]]);
  });

  it("gives equal watches one place, and each of them the answer", () => {
    hub.add(job("1"), listener);
    hub.add(job("1"), { onAnswer: listener.onAnswer });
    settle();
    expect(streams[0]?.watches).toHaveLength(1);
    streams[0]?.say("answer", { index: 0, answer: { success: true } });
    expect(heard).toEqual([{ success: true }, { success: true }]);
  });

  it("hands an answer to the watch at its index, and to no other", () => {
    hub.add(job("1"), listener);
    hub.add(job("2"), { onAnswer: () => heard.push("second") });
    settle();
    streams[0]?.say("answer", { index: 1, answer: {} });
    streams[0]?.say("answer", { index: 7, answer: {} });
    expect(heard).toEqual(["second"]);
  });

  it("keeps its stream when a page comes and goes within a moment", () => {
    const leave = hub.add(job("1"), listener);
    settle();
    leave();
    hub.add(job("1"), listener);
    settle();
    expect(streams).toHaveLength(1);
  });

  it("closes when nothing is watched, and while the tab is hidden", () => {
    const leave = hub.add(job("1"), listener);
    settle();
    hub.setVisible(false);
    settle();
    expect(streams[0]?.readyState).toBe(2);
    hub.setVisible(true);
    settle();
    expect(streams).toHaveLength(2);
    leave();
    settle();
    expect(streams[1]?.readyState).toBe(2);
  });

  it("asks for no more than the server takes in one stream", () => {
    for (let id = 0; id <= WATCHES_MAX; id++) hub.add(job(String(id)), listener);
    settle();
    expect(streams[0]?.watches).toHaveLength(WATCHES_MAX);
  });

  it("tries again after a refusal, ever more slowly", () => {
    hub.add(job("1"), listener);
    settle();
    for (const waitMs of [2_000, 4_000, 8_000]) {
      streams.at(-1)?.close();
      streams.at(-1)?.say("error");
      const before = streams.length;
      vi.advanceTimersByTime(waitMs - 1);
      expect(streams).toHaveLength(before);
      vi.advanceTimersByTime(1);
      expect(streams).toHaveLength(before + 1);
    }
  });

  it("leaves a broken connection to the browser, which comes back by itself", () => {
    hub.add(job("1"), listener);
    settle();
    for (let time = 0; time < 120_000; time += 2_000) {
      streams[0]?.say("error");
      vi.advanceTimersByTime(2_000);
    }
    expect(streams).toHaveLength(1);
  });

  it("asks for another when nothing was heard for three heartbeats: the line is dead, and nobody says so", () => {
    hub.add(job("1"), listener);
    settle();
    streams[0]?.say("open");
    for (const sign of ["beat", "answer", "beat"]) {
      vi.advanceTimersByTime(SILENT_MS - 1);
      streams[0]?.say(sign, { index: 0, answer: {} });
    }
    expect([streams.length, losses]).toEqual([1, []]);
    const heardMs = Date.now();
    vi.advanceTimersByTime(SILENT_MS);
    expect([streams[0]?.readyState, losses, lostMs]).toEqual([2, [true], heardMs]);
    vi.advanceTimersByTime(2_000);
    streams[1]?.say("open");
    expect([streams.length, losses]).toEqual([2, [true, false]]);
  });

  it("waits for nothing in a hidden tab", () => {
    hub.add(job("1"), listener);
    settle();
    hub.setVisible(false);
    vi.advanceTimersByTime(2 * SILENT_MS);
    expect([streams.length, losses]).toEqual([1, []]);
  });

  it("says so when the server ends the stream, and asks for another: a server that stops is started again", () => {
    hub.add(job("1"), listener);
    settle();
    streams[0]?.say("end");
    expect([ends, streams.length, streams[0]?.readyState]).toEqual([1, 1, 2]);
    vi.advanceTimersByTime(2_000);
    expect(streams).toHaveLength(2);
  });

  it("asks no more once the page is left that watched: its session has ended", () => {
    const leave = hub.add(job("1"), listener);
    settle();
    streams[0]?.say("end");
    leave();
    vi.advanceTimersByTime(120_000);
    expect(streams).toHaveLength(1);
  });

  it("tells when what is shown is current no more, and when it is again, once each", () => {
    hub.add(job("1"), listener);
    settle();
    streams[0]?.say("open");
    expect(losses).toEqual([]);
    streams[0]?.say("error");
    streams[0]?.say("error");
    expect(losses).toEqual([true]);
    streams[0]?.say("open");
    expect(losses).toEqual([true, false]);
    streams[0]?.say("end");
    vi.advanceTimersByTime(2_000);
    streams[1]?.close();
    streams[1]?.say("error");
    expect(losses).toEqual([true, false, true]);
  });
});
