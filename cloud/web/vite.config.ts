import { defineConfig } from "vite";

export default defineConfig({
  build: {
    target: "es2022",
    // The page is served under a Content-Security-Policy without inline anything: every asset is a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8420" } },
});
