/** What this device keeps: the queue, its photos, the cases as they were seen last, and a few things by name. */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Choices, Clocks } from "../api/phone";
import type { Incident, IncidentEvent } from "../api/types";
import { type Item, type Position, rebased } from "./queue";

export interface KeptPhoto {
  sha256: string;
  /** What is sent. */
  small: Blob;
  /** As the camera gave it; kept until the cloud has the action that the photo belongs to. */
  original: Blob;
  at: string;
  place: Position | null;
  sent: boolean;
}

export interface KeptCase {
  id: string;
  incident: Incident;
  clocks: Clocks | null;
  choices: Choices | null;
  log: readonly IncidentEvent[];
  /** A copy in which nobody can be known. */
  picture: Blob | null;
  pictureUrl: string | null;
  seenAt: string;
}

interface Schema extends DBSchema {
  items: { key: string; value: Item };
  photos: { key: string; value: KeptPhoto };
  cases: { key: string; value: KeptCase };
  named: { key: string; value: unknown };
}

let opening: Promise<IDBPDatabase<Schema>> | null = null;

function database(): Promise<IDBPDatabase<Schema>> {
  opening ??= openDB<Schema>("gridwatch-phone", 1, {
    upgrade(base) {
      base.createObjectStore("items", { keyPath: "key" });
      base.createObjectStore("photos", { keyPath: "sha256" });
      base.createObjectStore("cases", { keyPath: "id" });
      base.createObjectStore("named");
    },
  });
  return opening;
}

export async function items(): Promise<Item[]> {
  return (await database()).getAll("items");
}

export async function putItem(item: Item): Promise<void> {
  await (await database()).put("items", item);
}

/** An action and its photos, at once: neither is there without the other. */
export async function addItem(item: Item, photos: readonly KeptPhoto[]): Promise<void> {
  const change = (await database()).transaction(["items", "photos"], "readwrite", { durability: "strict" });
  for (const photo of photos) void change.objectStore("photos").put(photo);
  void change.objectStore("items").put(item);
  await change.done;
}

/** An action is done, or dropped: it goes with its photos, and those after it go out from `version`. */
export async function removeItem(done: Item, version: number | null): Promise<void> {
  const change = (await database()).transaction(["items", "photos"], "readwrite", { durability: "strict" });
  const rows = change.objectStore("items");
  const others = (await rows.getAll()).filter((one) => one.key !== done.key);
  for (const one of rebased(others, done, version)) void rows.put(one);
  void rows.delete(done.key);
  const used = new Set(others.flatMap((one) => one.photos));
  for (const sha256 of done.photos) if (!used.has(sha256)) void change.objectStore("photos").delete(sha256);
  await change.done;
}

export async function photo(sha256: string): Promise<KeptPhoto | undefined> {
  return (await database()).get("photos", sha256);
}

export async function putPhoto(photo: KeptPhoto): Promise<void> {
  await (await database()).put("photos", photo);
}

export async function cases(): Promise<KeptCase[]> {
  return (await database()).getAll("cases");
}

export async function putCases(all: readonly KeptCase[]): Promise<void> {
  const change = (await database()).transaction("cases", "readwrite");
  for (const one of all) void change.store.put(one);
  await change.done;
}

/** What is no longer ours to see goes from this device, too. */
export async function forgetCases(ids: readonly string[]): Promise<void> {
  const change = (await database()).transaction("cases", "readwrite");
  for (const id of ids) void change.store.delete(id);
  await change.done;
}

export async function named<Value>(name: string): Promise<Value | undefined> {
  return (await (await database()).get("named", name)) as Value | undefined;
}

export async function setNamed(name: string, value: unknown): Promise<void> {
  await (await database()).put("named", value, name);
}

/** Everything but the queue: another person has logged in, or this one has left. */
export async function forgetAllSeen(): Promise<void> {
  const change = (await database()).transaction(["cases", "named"], "readwrite");
  void change.objectStore("cases").clear();
  void change.objectStore("named").clear();
  await change.done;
}
