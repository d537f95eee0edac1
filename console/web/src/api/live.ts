/**
 * One stream of server-sent events for all that a page watches. Pages add watches; the hub keeps a single
 * EventSource with the distinct ones and hands on each answer. A hidden tab has no stream.
 */
export const WATCHES_MAX = 8; // the server's bound for one stream
const SETTLE_MS = 30; // a page mounts its watches one after another: they share one stream
const RETRY_FIRST_MS = 2_000;
const RETRY_MAX_MS = 60_000;
export const SILENT_MS = 45_000; // the server says something every 15 seconds

export interface Watch {
  action: string;
  parameters: object;
}

export interface Listener {
  onAnswer: (answer: Record<string, unknown>) => void;
}

/** What we need of an EventSource. */
export interface Stream {
  addEventListener(type: string, listener: (event: { data?: unknown }) => void): void;
  readyState: number;
  close(): void;
}

interface Watched {
  watch: Watch;
  listeners: Set<Listener>;
}

const CLOSED = 2;

export class LiveHub {
  private readonly watched = new Map<string, Watched>();
  private stream: Stream | null = null;
  private streamed: string[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private isVisible = true;
  private isLost = false;
  private heardMs = 0;

  /** `onEnd`: the server ended the stream. `onLost`: since when what is shown is no longer kept current; null: it is. */
  constructor(
    private readonly open: (address: string) => Stream,
    private readonly onEnd: () => void = () => {},
    private readonly onLost: (sinceMs: number | null) => void = () => {},
  ) {}

  /** Watch until the returned function is called. Equal watches share one place in the stream. */
  add(watch: Watch, listener: Listener): () => void {
    const key = keyOf(watch);
    const watched = this.watched.get(key) ?? { watch, listeners: new Set() };
    watched.listeners.add(listener);
    this.watched.set(key, watched);
    this.settle();
    return () => {
      watched.listeners.delete(listener);
      if (watched.listeners.size === 0 && this.watched.get(key) === watched) this.watched.delete(key);
      this.settle();
    };
  }

  /** A hidden tab gives its stream back; a visible one asks again. */
  setVisible(isVisible: boolean): void {
    this.isVisible = isVisible;
    this.failures = 0;
    this.settle();
  }

  private settle(delayMs = SETTLE_MS): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.reopen(), delayMs);
  }

  private reopen(): void {
    const keys = this.isVisible ? [...this.watched.keys()].slice(0, WATCHES_MAX) : [];
    const isSame = keys.length === this.streamed.length && keys.every((key) => this.streamed.includes(key));
    if (isSame && (keys.length === 0 || (this.stream !== null && this.stream.readyState !== CLOSED))) return;
    clearTimeout(this.silence);
    this.stream?.close();
    this.stream = null;
    this.streamed = keys;
    if (keys.length > 0) this.listen(keys);
    else this.tell(false); // nothing that is shown ought to be current
  }

  private listen(keys: string[]): void {
    const watches = keys.map((key) => this.watched.get(key)?.watch);
    const stream = this.open(`api/live?watch=${encodeURIComponent(JSON.stringify(watches))}`);
    this.stream = stream;
    this.hear(stream);
    stream.addEventListener("open", () => {
      this.hear(stream);
      this.tell(false);
    });
    stream.addEventListener("beat", () => this.hear(stream));
    stream.addEventListener("answer", (event) => {
      this.hear(stream);
      this.failures = 0;
      this.hand(keys, event.data);
    });
    stream.addEventListener("end", () => {
      this.onEnd();
      this.lose(stream);
    });
    stream.addEventListener("error", () => {
      // An EventSource comes back by itself after a broken connection, never after a refusal.
      if (stream.readyState === CLOSED) this.lose(stream);
      else if (this.stream === stream) {
        this.expect(stream);
        this.tell(true);
      }
    });
  }

  private hear(stream: Stream): void {
    this.heardMs = Date.now();
    this.expect(stream);
  }

  /** A line that dies without a word, as a phone's in a tunnel, breaks nothing for hours: its silence is the sign. */
  private expect(stream: Stream): void {
    if (this.stream !== stream) return;
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.lose(stream), SILENT_MS);
  }

  /** The stream is over, and the page still shows what it told: ask for another. */
  private lose(stream: Stream): void {
    stream.close();
    if (this.stream !== stream) return;
    clearTimeout(this.silence);
    this.stream = null;
    this.tell(true);
    this.settle(Math.min(RETRY_FIRST_MS * 2 ** this.failures++, RETRY_MAX_MS));
  }

  private tell(isLost: boolean): void {
    if (this.isLost === isLost) return;
    this.isLost = isLost;
    this.onLost(isLost ? this.heardMs : null);
  }

  private hand(keys: string[], data: unknown): void {
    const { index, answer } = JSON.parse(String(data)) as { index: number; answer: Record<string, unknown> };
    const key = keys[index];
    const watched = key === undefined ? undefined : this.watched.get(key);
    for (const listener of watched?.listeners ?? []) listener.onAnswer(answer);
  }
}

function keyOf(watch: Watch): string {
  return JSON.stringify([watch.action, watch.parameters]);
}
