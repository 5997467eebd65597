import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { words } from "../words";
import type { Page } from "./pages";

const loaded = signal<ReadonlyMap<string, ComponentType>>(new Map());
const failed = signal<ReadonlySet<string>>(new Set());

/** A page, once its code is here. */
export function Lazy({ page }: { page: Page }) {
  useEffect(() => void load(page), [page]);
  const Shown = loaded.value.get(page.name);
  if (Shown) return <Shown />;
  if (!failed.value.has(page.name)) return <p class="nothing">{words.value.list.loading}</p>;
  return (
    <p class="nothing" role="alert">
      {words.value.live.pageFailed}{" "}
      <button type="button" class="button" onClick={() => void load(page)}>{words.value.live.again}</button>
    </p>
  );
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
