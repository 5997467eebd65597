import { signal } from "@preact/signals";
import { organisations, Refused } from "../api/calls";
import type { Names } from "../api/types";
import { named } from "../words";

/** Names of departments and companies; null: not asked for yet. */
const names = signal<ReadonlyMap<string, Names> | null>(null);

/** What an organisation is called; its id until that is known. The list is fetched when first needed. */
export function organisationNamed(id: string): string {
  if (names.peek() === null) void load();
  const known = names.value?.get(id);
  return known ? named(known) : id;
}

/** All of them, for lists; none until they are here. */
export function knownOrganisations(): readonly (readonly [string, Names])[] {
  if (names.peek() === null) void load();
  return [...(names.value ?? [])];
}

async function load(): Promise<void> {
  names.value = new Map();
  try {
    names.value = new Map((await organisations()).map((one) => [one.id, one.name]));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    names.value = null;
  }
}
