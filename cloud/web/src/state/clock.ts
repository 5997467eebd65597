import { signal } from "@preact/signals";

/** How far this computer's clock is behind the cloud's, in milliseconds. */
let offset = 0;

/** The cloud's time now, in milliseconds since 1970; ticks once a second. */
export const now = signal(Date.now());

/** Take the cloud's time as the time: a wall with a wrong clock must still show right ages. */
export function setServerTime(iso: string): void {
  const at = Date.parse(iso);
  if (!Number.isNaN(at)) offset = at - Date.now();
  now.value = Date.now() + offset;
}

export function startClock(): void {
  setInterval(() => {
    now.value = Date.now() + offset;
  }, 1000);
}
