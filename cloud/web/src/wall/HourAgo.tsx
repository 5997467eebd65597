import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Refused } from "../api/calls";
import { type EarlierPicture, stillOf } from "../api/desk";
import type { Incident } from "../api/types";
import { now } from "../state/clock";
import { keys } from "../state/keymap";
import { isCamera } from "../state/places";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { chordName } from "./commands";
import { text as desk } from "./words";

const HOUR_MS = 3_600_000;
/** Of which incident somebody wants to see how the place looked; a key asks too. */
export const hourAgoOf = signal<string | null>(null);

/**
 * How the place looked an hour ago: the node's own picture when it is asked for, else the newest photo that is kept
 * and is as old. Asked for, not fetched with each row: walking through a list is no reason to bother a node.
 */
export function HourAgo({ incident, kept }: { incident: Incident; kept: EarlierPicture | null }) {
  const text = desk.value.place;
  const found = useSignal<{ url: string; at: string } | null>(null);
  const trouble = useSignal("");
  const wanted = hourAgoOf.value === incident.id;
  const camera = isCamera(incident.camera) ? incident.camera : null;
  useEffect(() => {
    found.value = null;
    trouble.value = "";
    if (!wanted || !camera) return undefined;
    let stale = false;
    let url = "";
    stillOf(camera, new Date(now.peek() - HOUR_MS)).then(
      (still) => {
        if (stale) return;
        url = URL.createObjectURL(still.blob);
        found.value = { url, at: still.takenAt };
      },
      (error: unknown) => {
        if (!(error instanceof Refused)) throw error;
        if (!stale) trouble.value = error.code === "node_away" ? text.nodeAway : text.noPicture;
      },
    );
    return () => {
      stale = true;
      if (url) URL.revokeObjectURL(url);
    };
  }, [wanted, camera]);
  const shown = found.value ?? (kept && { url: kept.url, at: kept.captured_at });
  if (!shown && !camera) return null;
  const waits = wanted && !found.value && !trouble.value;
  return (
    <figure class="photo hour-ago" aria-busy={waits}>
      {shown && <img src={shown.url} alt={text.earlier} loading="lazy" />}
      <figcaption>
        {shown && <><b>{text.earlier}</b> <time>{formatWhen(shown.at, words.value.locale, now.value)}</time></>}
        {camera && !found.value && !waits && (
          <button type="button" class="quiet" onClick={() => (hourAgoOf.value = incident.id)}>
            {text.ask} <kbd aria-hidden="true">{chordName(keys.value.earlier)}</kbd>
          </button>
        )}
      </figcaption>
      <p class="note" role="status">{trouble.value || (waits && text.asking)}</p>
    </figure>
  );
}
