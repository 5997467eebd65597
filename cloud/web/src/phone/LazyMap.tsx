import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Position } from "./queue";
import type { MapProps } from "./SmallMap";
import { text } from "./words";

/** The map's code is loaded when a map is first looked at. */
export function LazyMap(wanted: { at: Position | null; onPick?(at: Position): void }) {
  const Shown = useSignal<{ part: ComponentType<MapProps> } | null>(null);
  const failed = useSignal(false);
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const load = (): void => {
      import("./SmallMap").then(
        ({ SmallMap }) => (Shown.value = { part: SmallMap }),
        (error: unknown) => {
          if (!(error instanceof TypeError)) throw error;
          failed.value = true;
        },
      );
    };
    const details = frame.current?.closest("details");
    if (!details || details.open) load();
    else details.addEventListener("toggle", load, { once: true });
  }, []);
  const Part = Shown.value?.part;
  return (
    <div ref={frame} class="map-room">
      {Part ? <Part {...wanted} /> : <p class="note">{failed.value ? text.value.task.mapFailed : text.value.task.loading}</p>}
    </div>
  );
}
