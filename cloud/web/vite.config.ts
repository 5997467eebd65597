import { defineConfig } from "vite";
import { phoneWorker } from "./phone-worker.plugin.ts";

export default defineConfig({
  build: {
    target: "es2022",
    // The page is served under a Content-Security-Policy without inline anything: every asset is a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { wall: "index.html", phone: "phone.html", "phone-worker": "src/phone/worker.ts" },
      output: {
        // The worker's address stays the same: a browser looks there for a newer one.
        entryFileNames: (chunk) => (chunk.name === "phone-worker" ? "[name].js" : "assets/[name]-[hash].js"),
      },
    },
  },
  plugins: [phoneWorker()],
  server: { proxy: { "/api": "http://127.0.0.1:8420" } },
});
