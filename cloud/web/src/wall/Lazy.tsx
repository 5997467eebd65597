import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { words } from "../words";
import type { Page } from "./pages";

const loaded = signal<ReadonlyMap<string, ComponentType>>(new Map());
const failed = signal<ReadonlySet<string>>(new Set());

/** A page, once its code is here; its heading then has the focus. */
export function Lazy({ page }: { page: Page }) {
  useEffect(() => void load(page), [page]);
  const Shown = loaded.value.get(page.name);
  const shown = Shown !== undefined;
  useEffect(() => {
    if (shown) focusHeading();
  }, [page, shown]);
  if (Shown) return <Shown />;
  if (!failed.value.has(page.name)) {
    return <main class="loading"><p class="nothing">{words.value.list.loading}</p></main>;
  }
  return (
    <main class="loading">
      <p class="nothing" role="alert">
        {words.value.live.pageFailed}{" "}
        <button type="button" class="button" onClick={() => void load(page)}>{words.value.live.again}</button>
      </p>
    </main>
  );
}

/** After a navigation the reading goes on at the page's heading, unless the page has put the focus elsewhere in it. */
export function focusHeading(): void {
  const main = document.querySelector("main");
  if (!main || main.contains(document.activeElement)) return;
  const heading = main.querySelector<HTMLElement>("h2") ?? main;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

async function load(page: Page): Promise<void> {
  if (loaded.value.has(page.name)) return;
  failed.value = new Set([...failed.value].filter((name) => name !== page.name));
  try {
    loaded.value = new Map(loaded.value).set(page.name, await page.load());
  } catch (error) {
    // A chunk that does not come is a TypeError: the cloud is away, or was replaced by a newer one.
    if (!(error instanceof TypeError)) throw error;
    failed.value = new Set(failed.value).add(page.name);
  }
}
