/**
 * Where the keyboard goes when a dialog is gone. One that was opened from a menu would give the focus back to the menu's
 * entry, which is gone too, and whoever uses the keyboard would begin at the top of the page.
 */
const PASSING = "[role=dialog],[role=menu]";
const TAKEN_MS = 50; // whatever wants the focus has taken it by then

/** Gives the focus back to what had it before a menu or a dialog; to the page when that is gone as well. */
export function keepFocus(): void {
  let last: HTMLElement | null = null;
  document.addEventListener("focusin", ({ target }) => {
    if (target instanceof HTMLElement && !target.closest(PASSING)) last = target;
  });
  const giveBack = () => {
    if (document.activeElement !== document.body || document.querySelector(PASSING) !== null) return;
    const place = last?.isConnected ? last : document.getElementById("main");
    place?.focus({ preventScroll: true });
  };
  new MutationObserver((changes) => {
    if (
      document.activeElement === document.body &&
      changes.some(({ removedNodes }) => [...removedNodes].some(isPassing))
    )
      setTimeout(giveBack, TAKEN_MS);
  }).observe(document.body, { childList: true, subtree: true });
}

function isPassing(node: Node): boolean {
  return node instanceof Element && (node.matches(PASSING) || node.querySelector(PASSING) !== null);
}
