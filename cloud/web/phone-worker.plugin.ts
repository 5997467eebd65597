import type { Plugin, Rolldown } from "vite";

const WORKER = "phone-worker.js";
const PAGE = "phone.html";
/** Files that are served as they are and belong to the phone. */
const PUBLIC = ["phone.webmanifest", "phone-192.png", "phone-512.png"];

type Bundle = Rolldown.OutputBundle;

/** Writes into the worker which files of this build make the phone's page, and what tells this build from others. */
export function phoneWorker(): Plugin {
  return {
    name: "gridwatch-phone-worker",
    enforce: "post",
    async generateBundle(_, bundle) {
      const worker = bundle[WORKER];
      if (worker?.type !== "chunk") return;
      if (worker.imports.length > 0) this.error("the phone's worker may import nothing that becomes a file of its own");
      const page = bundle[PAGE];
      if (page?.type !== "asset") return this.error(`${PAGE} is not in the bundle`);
      // The names carry hashes of what is in the files; the page itself has none in its name.
      const shell = ["/phone", ...[...filesOf(bundle, "phone"), ...PUBLIC].map((name) => `/${name}`)];
      const all = new TextEncoder().encode(`${JSON.stringify(shell)}${String(page.source)}${worker.code}`);
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
      const build = Array.from(digest.slice(0, 8), (one) => one.toString(16).padStart(2, "0")).join("");
      worker.code = worker.code
        .replaceAll("self.__SHELL__", JSON.stringify(shell))
        .replaceAll("self.__BUILD__", JSON.stringify(build));
    },
  };
}

/** All that an entry can come to load, its lazy parts too. */
function filesOf(bundle: Bundle, entry: string): string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    const chunk = bundle[name];
    if (found.has(name) || chunk?.type !== "chunk") return;
    found.add(name);
    for (const one of [...(chunk.viteMetadata?.importedCss ?? []), ...(chunk.viteMetadata?.importedAssets ?? [])]) found.add(one);
    for (const one of [...chunk.imports, ...chunk.dynamicImports]) visit(one);
  };
  for (const [name, chunk] of Object.entries(bundle)) {
    if (chunk.type === "chunk" && chunk.isEntry && chunk.name === entry) visit(name);
  }
  // The page's own tag for its icon is in no chunk.
  for (const name of Object.keys(bundle)) if (/^assets\/icon-[^/]+\.svg$/.test(name)) found.add(name);
  return [...found].sort();
}
