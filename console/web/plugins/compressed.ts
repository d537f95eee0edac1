import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const TEXT = /\.(js|css|svg|json)$/;
const SMALLEST_BYTES = 1024; // below, a header costs what is saved

/** Writes a .br and a .gz beside each text asset, so that the server compresses nothing while it answers. */
export function compressed(): Plugin {
  return {
    name: "whimbrel-compressed",
    apply: "build",
    async writeBundle(options) {
      const folder = join(options.dir ?? "dist", "assets");
      for (const name of await readdir(folder)) {
        const path = join(folder, name);
        const bytes = TEXT.test(name) ? await readFile(path) : Buffer.alloc(0);
        if (bytes.length < SMALLEST_BYTES) continue;
        await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9, memLevel: 9 }));
        await writeFile(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
      }
    },
  };
}
