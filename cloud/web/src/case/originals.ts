import { signal } from "@preact/signals";

/** Why originals of the case on screen are looked at; empty: copies are shown. The cloud writes down each view. */
export const reason = signal("");
/** Shortest reason that the cloud takes. */
export const SHORTEST = 3;

export function addressOf(photo: { url: string }): string {
  return reason.value ? `${photo.url}?reason=${encodeURIComponent(reason.value)}` : photo.url;
}
