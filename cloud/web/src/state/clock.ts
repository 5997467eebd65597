import { computed, signal } from "@preact/signals";

/** How far this computer's clock is behind the cloud's, in milliseconds. */
let offset = 0;

/** The cloud's time now, in milliseconds since 1970; ticks once a second. What rings and what is silent goes by it. */
export const live = signal(Date.now());
/** The moment of the past that the screen shows instead, while a day is played again. */
export const shownAt = signal<number | null>(null);
/** The time that the screen shows. */
export const now = computed(() => shownAt.value ?? live.value);

/** Take the cloud's time as the time: a wall with a wrong clock must still show right ages. */
export function setServerTime(iso: string): void {
  const at = Date.parse(iso);
  if (!Number.isNaN(at)) offset = at - Date.now();
  live.value = Date.now() + offset;
}

export function startClock(): void {
  setInterval(() => {
    live.value = Date.now() + offset;
  }, 1000);
}
