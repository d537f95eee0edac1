/** Beside the page, so that it stays quick. `crypto.subtle` wants the whole file at once, and TLS. */
import { md5 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Said } from "./digests";

const say = (said: Said) => self.postMessage(said);

self.onmessage = async (event: MessageEvent<File>) => {
  try {
    const [one, other] = [sha256.create(), md5.create()];
    let sizeBytes = 0;
    const reader = event.data.stream().getReader();
    for (let block = await reader.read(); !block.done; block = await reader.read()) {
      one.update(block.value);
      other.update(block.value);
      sizeBytes += block.value.length;
    }
    say({ digests: { sha256: bytesToHex(one.digest()), md5: bytesToHex(other.digest()), sizeBytes } });
  } catch (error) {
    say({ fault: String(error) });
  }
};
