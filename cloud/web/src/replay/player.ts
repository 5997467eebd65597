import { computed, effect, signal } from "@preact/signals";
import { Refused } from "../api/calls";
import { replayPage } from "../api/replay";
import type { Incident } from "../api/types";
import { shownAt as clock } from "../state/clock";
import { replayed, selectedId } from "../state/incidents";
import { endSession } from "../state/session";
import { eventBeside, type Film, joined, shownAt } from "./film";

export const SPEEDS = [1, 10, 60, 600] as const;
const TICK_MS = 200;

export const film = signal<Film | null>(null);
/** Lines loaded so far, while more are to come. */
export const loading = signal<number | null>(null);
export const failed = signal<"failed" | "badDay" | null>(null);
/** The moment of the past on screen, ms since 1970. */
export const at = signal(0);
export const playing = signal(false);
export const speed = signal<(typeof SPEEDS)[number]>(60);

/** The last thing that had happened. */
export const last = computed(() => film.value?.changes.filter(({ stood }) => Date.parse(stood.at) <= at.value).at(-1) ?? null);

let wanted = "";
/** The case that the present is come back to. */
let chosen: string | null = null;

/** Come back to this case of the present. */
export function comeBackTo(id: string): void {
  chosen = id;
}

/** Fetch a day, page by page; the wall shows it from its first moment. */
export async function open(day: string): Promise<void> {
  wanted = day;
  film.value = null;
  failed.value = null;
  playing.value = false;
  loading.value = 0;
  try {
    let found: Film | null = null;
    let cursor: string | null = null;
    do {
      const page = await replayPage(day, cursor);
      if (wanted !== day) return;
      found = joined(found, page);
      loading.value = found.changes.length;
      cursor = page.next;
    } while (cursor);
    at.value = found.begins;
    film.value = found;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401) endSession();
    else if (wanted === day) failed.value = error.status === 422 ? "badDay" : "failed";
  } finally {
    if (wanted === day) loading.value = null;
  }
}

/** Go to a moment of the day. */
export function seek(moment: number): void {
  const shown = film.value;
  if (shown) at.value = Math.min(shown.ends, Math.max(shown.begins, moment));
}

/** To the next thing that happened, or the one before; it stands still there. */
export function stepTo(step: 1 | -1): void {
  const moment = film.value && eventBeside(film.value, at.value, step);
  playing.value = false;
  if (moment !== null) seek(moment);
}

/** Put the past on the wall, and let time run while it plays; the returned function brings the present back. */
export function roll(): () => void {
  chosen = selectedId.peek();
  let before: ReadonlyMap<string, Incident> | null = null;
  const draw = effect(() => {
    clock.value = film.value ? at.value : null;
    before = film.value ? shownAt(film.value, at.value, before) : new Map();
    replayed.value = before;
  });
  const run = effect(() => {
    if (!playing.value) return undefined;
    let heard = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      seek(at.peek() + (now - heard) * speed.peek());
      heard = now;
      if (film.peek() && at.peek() >= (film.peek()?.ends ?? 0)) playing.value = false;
    }, TICK_MS);
    return () => clearInterval(timer);
  });
  return () => {
    wanted = "";
    draw();
    run();
    playing.value = false;
    film.value = null;
    clock.value = null;
    replayed.value = null;
    selectedId.value = chosen;
  };
}
