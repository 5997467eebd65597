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
  /** What whoever did it says it looks like now: copies, too. */
  after?: readonly AfterPhoto[];
  seenAt: string;
}

export interface AfterPhoto {
  url: string;
  picture: Blob;
}

/** A form that was begun and not sent: a phone ends a page whenever another app wants the memory. */
export interface Draft {
  /** Which form: a step, a note, or a class that is reported. */
  name: string;
  words: string;
  hours: string;
  where: Position | null;
}

type KeptDraft = Draft & { photos: readonly string[] };

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

/** An action and its photos, at once: neither is there without the other, and the form it was is no draft any more. */
export async function addItem(item: Item, photos: readonly KeptPhoto[], draft: string | null): Promise<void> {
  const change = (await database()).transaction(["items", "photos", "named"], "readwrite", { durability: "strict" });
  for (const photo of photos) void change.objectStore("photos").put(photo);
  void change.objectStore("items").put(item);
  if (draft) void change.objectStore("named").delete(draftKey(draft));
  await change.done;
}

const draftKey = (of: string): string => `draft/${of}`;

/** Keep a form as it stands, with its photos; null gives it up. */
export async function putDraft(of: string, draft: Draft | null, photos: readonly KeptPhoto[]): Promise<void> {
  const change = (await database()).transaction(["named", "photos", "items"], "readwrite");
  const [drafts, rows] = [change.objectStore("named"), change.objectStore("photos")];
  const before = ((await drafts.get(draftKey(of))) as KeptDraft | undefined)?.photos ?? [];
  const now = draft ? photos.map((one) => one.sha256) : [];
  const used = new Set([...now, ...(await change.objectStore("items").getAll()).flatMap((one) => one.photos)]);
  for (const sha256 of before) if (!used.has(sha256)) void rows.delete(sha256);
  for (const one of photos) if (draft && !before.includes(one.sha256)) void rows.put(one);
  if (draft) void drafts.put({ ...draft, photos: now }, draftKey(of));
  else void drafts.delete(draftKey(of));
  await change.done;
}

/** What was begun and not sent. */
export async function draft(of: string): Promise<(Draft & { taken: KeptPhoto[] }) | null> {
  const kept = await named<KeptDraft>(draftKey(of));
  if (!kept) return null;
  const taken = await Promise.all(kept.photos.map(photo));
  return { ...kept, taken: taken.filter((one) => one !== undefined) };
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
  const change = (await database()).transaction(["cases", "named", "items", "photos"], "readwrite");
  const rows = change.objectStore("photos");
  const used = new Set((await change.objectStore("items").getAll()).flatMap((one) => one.photos));
  for (const sha256 of await rows.getAllKeys()) if (!used.has(sha256)) void rows.delete(sha256);
  void change.objectStore("cases").clear();
  void change.objectStore("named").clear();
  await change.done;
}
