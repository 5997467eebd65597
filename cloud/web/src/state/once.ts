import { signal, type ReadonlySignal } from "@preact/signals";
import { Refused } from "../api/calls";

/** A list that is fetched when it is first read, and again when that failed; empty until it is there. */
export function once<T>(fetch: () => Promise<readonly T[]>): ReadonlySignal<readonly T[]> & { ask(): void } {
  const list = signal<readonly T[]>([]);
  let asked = false;
  async function load(): Promise<void> {
    try {
      list.value = await fetch();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      asked = false;
    }
  }
  return Object.assign(list, {
    ask(): void {
      if (asked) return;
      asked = true;
      void load();
    },
  });
}
