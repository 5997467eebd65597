/** Sends the queue: in its order, once each, whenever there is somebody to send it to. */
import { computed, signal } from "@preact/signals";
import { currentSession, incidentEvents, Refused } from "../api/calls";
import { sendItem, sendPhoto } from "../api/phone";
import { randomId } from "../api/ids";
import { known, refreshCase, takeCase } from "./cases";
import { loggedOut, me, reached } from "./me";
import { type Act, hurried, inOrder, isUnsure, type Item, type Meanwhile, next, outcome, type Position, wait } from "./queue";
import * as store from "./store";
import type { KeptPhoto } from "./store";

const MOST_SENT = 20;
const PHOTO_TRIES = 3;

/** What is not acknowledged yet, of everybody on this device. */
const all = signal<readonly Item[]>([]);
export const mine = computed(() => inOrder(all.value.filter((item) => item.who === me.value?.username)));
export const waiting = computed(() => mine.value.filter((item) => item.state !== "stopped").length);
export const stopped = computed(() => mine.value.filter((item) => item.state === "stopped").length);
/** What others left on this device. */
export const others = computed(() => all.value.length - mine.value.length);

export interface Sent {
  item: Item;
  at: string;
  number: string | null;
}
/** What was acknowledged since the page was opened, newest first. */
export const sent = signal<readonly Sent[]>([]);

let flushing: Promise<void> | null = null;
let again = false;
/** When somebody last hurried, milliseconds since 1970. */
let since = 0;
let alarm: ReturnType<typeof setTimeout> | undefined;

/** What this device has kept to send. */
export async function reload(): Promise<void> {
  all.value = await store.items();
}

export interface Doing {
  caseId?: string;
  about: { zh: string; en: string };
  act: Act;
  photos?: readonly KeptPhoto[];
  place?: Position | null;
  base?: number;
  /** The form that it was, which is done with. */
  draft?: string;
}

/** Put an action on this device, and send it when that is possible. It is safe when this returns. */
export async function act(doing: Doing): Promise<void> {
  const user = me.value;
  if (!user) return;
  const last = Math.max(0, ...all.value.map((item) => item.order));
  const photos = doing.photos ?? [];
  const item: Item = {
    key: randomId(), who: user.username, at: new Date().toISOString(), order: Math.max(Date.now(), last + 1),
    caseId: doing.caseId ?? null, about: doing.about, act: doing.act, photos: photos.map((one) => one.sha256),
    place: doing.place ?? null, base: doing.base ?? 0, state: "waiting", tries: 0, notBefore: 0, firstSent: null, stop: null,
  };
  await store.addItem(item, photos, doing.draft ?? null);
  await reload();
  void flush();
}

/** Take an item that needs a person out of the queue. */
export async function drop(item: Item): Promise<void> {
  await store.removeItem(item, null);
  await reload();
  void flush();
}

/** Do it again, upon the case as it is now. */
export async function redo(item: Item): Promise<void> {
  const base = item.caseId ? (known.value.get(item.caseId)?.incident.version ?? item.base) : item.base;
  const key = randomId();
  await store.putItem({ ...item, key, base, state: "waiting", tries: 0, notBefore: 0, firstSent: null, stop: null });
  await store.removeItem({ ...item, photos: [] }, null);
  await reload();
  void flush();
}

/** Send all now, also what waits for its next try: there is a network again, or somebody looks. */
export function hurry(): Promise<void> {
  since = Date.now();
  return flush();
}

/** Send all that may go now; while one call runs, further ones have it look once more. */
export function flush(): Promise<void> {
  again = true;
  flushing ??= run().finally(() => (flushing = null));
  return flushing;
}

async function run(): Promise<void> {
  // Of several windows one sends; the keys would keep others from doing anything twice.
  if (navigator.locks) await navigator.locks.request("gridwatch-phone-sender", send);
  else await send();
}

async function send(): Promise<void> {
  while (again) {
    again = false;
    await reload();
    for (;;) {
      const item = me.value && !loggedOut.value ? next(hurried(all.value, since), me.value.username, Date.now()) : null;
      if (!item || !(await sendOne(item))) break;
    }
  }
  clearTimeout(alarm);
  const due = mine.value.filter((item) => item.state !== "stopped").map((item) => item.notBefore);
  if (due.length > 0 && !loggedOut.value) {
    alarm = setTimeout(() => void flush(), Math.max(500, Math.min(...due) - Date.now()));
  }
}

/** Whether to go on with the next one. */
async function sendOne(item: Item): Promise<boolean> {
  if (isUnsure(item, Date.now())) {
    await save({ ...item, state: "stopped", stop: { why: "unsure", code: "", detail: "", meanwhile: null } });
    return true;
  }
  const trying: Item = { ...item, state: "sending", tries: item.tries + 1, firstSent: item.firstSent ?? Date.now() };
  await save(trying);
  try {
    await sendPhotos(item);
    const done = await sendItem(item);
    await store.removeItem(item, done.version);
    sent.value = [{ item, at: new Date().toISOString(), number: done.number }, ...sent.value].slice(0, MOST_SENT);
    reached.value = true;
    // The case as it is now comes before the item goes: between the two the page would offer the same step again.
    if (done.incident) takeCase(done.incident);
    await reload();
    if (item.caseId) void refreshCase(item.caseId);
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return refused(trying, error);
  }
}

async function sendPhotos(item: Item): Promise<void> {
  for (const sha256 of item.photos) {
    const photo = await store.photo(sha256);
    if (!photo || photo.sent) continue;
    await sendPhoto(sha256, photo.small);
    await store.putPhoto({ ...photo, sent: true });
  }
}

async function refused(item: Item, error: Refused): Promise<boolean> {
  const what = outcome(error.status, error.code, error.faults);
  const later: Item = { ...item, state: "waiting", notBefore: Date.now() + wait(item.tries) };
  reached.value = error.status !== 0;
  if (what === "signIn") {
    await save({ ...item, state: "waiting" });
    loggedOut.value = true;
    return false;
  }
  if (what === "session" || what === "again" || (what === "photos" && item.tries < PHOTO_TRIES)) {
    if (what === "photos") await unsend(item);
    await save(later);
    if (what === "session") await currentSession().catch(ignoreRefusal);
    return error.status !== 0;
  }
  const meanwhile = what === "conflict" ? await sinceThen(item) : null;
  const why = what === "conflict" ? "conflict" : "refused";
  await save({ ...item, state: "stopped", stop: { why, code: error.code, detail: error.detail, meanwhile } });
  return true;
}

/** The cloud threw the photos away, for nothing named them for a day: they go once more. */
async function unsend(item: Item): Promise<void> {
  for (const sha256 of item.photos) {
    const photo = await store.photo(sha256);
    if (photo) await store.putPhoto({ ...photo, sent: false });
  }
}

/** What somebody did to the case since the version that the action went out from. */
async function sinceThen(item: Item): Promise<Meanwhile | null> {
  if (!item.caseId) return null;
  try {
    await refreshCase(item.caseId);
    const lines = (await incidentEvents(item.caseId)).filter((line) => line.id > item.base);
    const line = lines.filter((one) => one.actor.name !== item.who).at(-1) ?? lines.at(-1);
    return line ? { who: line.actor.name, action: line.action, state: line.to_state, at: line.at } : null;
  } catch (error) {
    return ignoreRefusal(error);
  }
}

async function save(item: Item): Promise<void> {
  await store.putItem(item);
  await reload();
}

function ignoreRefusal(error: unknown): null {
  if (!(error instanceof Refused)) throw error;
  return null;
}
