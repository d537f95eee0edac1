import { setNonce } from "get-nonce";

/** The server's nonce of this page: the policy lets in no `<style>` without it. */
export const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

// What locks the page's scrolling behind a dialog writes a style of its own, and asks here.
setNonce(nonce);
