import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compressed } from "./plugins/compressed.ts";

// Relative addresses: the console works behind any path prefix, with nothing configured (ADR 0057).
export default defineConfig({
  base: "./",
  resolve: { alias: { "~": fileURLToPath(new URL("./src", import.meta.url)) } },
  plugins: [react(), compressed()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // nothing as data: in a style or a script, the policy of the pages allows none
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
    // Few files: measured over a file each page, they take a tenth less, for what repeats is compressed once (ADR 0056).
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "help", test: /docs\/how-to\//, priority: 4 },
            { name: "base", test: /src\/(app|api|theme|pages\/signing)/, priority: 3 },
            { name: "pages", test: /src\/(pages|parts)\//, priority: 1 },
          ],
        },
      },
    },
    emptyOutDir: true, // scripts/build_console.py builds beside the old one, outside of this folder
  },
  server: { host: "127.0.0.1" },
});
