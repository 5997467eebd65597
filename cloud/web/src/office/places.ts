import { signal } from "@preact/signals";
import { Refused } from "../api/calls";
import { type AreaName, areaNames, eventClasses } from "../api/office";
import type { EventClass } from "../api/types";
import { named } from "../words";

/** The areas and classes of the site, for filters; empty until they are here. */
export const areas = signal<readonly AreaName[]>([]);
export const classes = signal<readonly EventClass[]>([]);

let asked: Promise<void> | null = null;

/** Load them once; a failure is tried again by the next page that needs them. */
export function needPlaces(): void {
  asked ??= load();
}

async function load(): Promise<void> {
  try {
    [areas.value, classes.value] = await Promise.all([areaNames(), eventClasses()]);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    asked = null;
  }
}

/** An area's name, or its id where the site no longer knows it. */
export function areaNamed(id: string | null): string {
  if (id === null) return "";
  const known = areas.value.find((one) => one.id === id);
  return known ? named(known.name) : id;
}
