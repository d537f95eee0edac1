/** Longer than the slowest double click that a system takes for one. */
const DOUBLE_CLICK_MS = 1_000;

/** What was asked by pressing: a second press of the same hand is not asked again. */
export class Presses {
  private readonly underWay = new Set<string>();
  private done = { wire: "", atMs: Number.NEGATIVE_INFINITY };

  /**
   * Whether this is to be sent: not while the same is under way, and not right behind its success, when the button may
   * still be there because the next page is being loaded. `nowMs` is of a clock that never goes back.
   */
  begin(wire: string, nowMs: number): boolean {
    const isAgain = wire === this.done.wire && nowMs - this.done.atMs < DOUBLE_CLICK_MS;
    if (isAgain || this.underWay.has(wire)) return false;
    this.underWay.add(wire);
    return true;
  }

  /** It was answered. What failed may be tried again at once. */
  end(wire: string, isDone: boolean, nowMs: number): void {
    this.underWay.delete(wire);
    if (isDone) this.done = { wire, atMs: nowMs };
  }
}
