/** The queue of what was done and is not acknowledged yet: its rules. Pure; `store` keeps it, `sender` sends it. */

export type NoteKind = "note" | "visit" | "received" | "support";

export type Act =
  | { kind: "step"; action: string; reason: string | null; hours?: number }
  | { kind: "note"; note: NoteKind; words: string }
  | { kind: "report"; eventClass: string; words: string; where: { point: string } | Position }
  | { kind: "gridNote"; grid: string; words: string };

/** WGS-84, degrees. */
export interface Position {
  lon: number;
  lat: number;
}

/** Somebody's doing since the version that an action goes out from. */
export interface Meanwhile {
  who: string;
  action: string;
  state: string;
  at: string;
}

/** Why an item needs a person. */
export interface Stop {
  /** `conflict`: somebody was there before; `refused`: the cloud will not have it; `unsure`: it may have arrived. */
  why: "conflict" | "refused" | "unsure";
  code: string;
  /** What the cloud said, in English. */
  detail: string;
  meanwhile: Meanwhile | null;
}

export interface Item {
  /** Its `Idempotency-Key`: sent twice it is done once. */
  key: string;
  /** User name: another person's log-in does not send it. */
  who: string;
  /** When it was done, by this device's clock. */
  at: string;
  /** Of all items, in the order in which they were done. */
  order: number;
  caseId: string | null;
  /** What it is about, for the list: a class's name and a place's. */
  about: { zh: string; en: string };
  act: Act;
  /** SHA-256 of photos, which go ahead of it. */
  photos: string[];
  place: Position | null;
  /** The version of the case that was on screen, or that one's own action before made. */
  base: number;
  state: "waiting" | "sending" | "stopped";
  tries: number;
  /** Not before this, milliseconds since 1970. */
  notBefore: number;
  /** When it was first sent; its answer may have been lost. */
  firstSent: number | null;
  stop: Stop | null;
}

/** The cloud remembers a key for 48 h. An answer that was lost longer ago is nothing to guess about. */
export const REMEMBERED_MS = 47 * 3_600_000;
const WAITS_MS = [2_000, 5_000, 15_000, 30_000, 60_000] as const;

/** The item to send now: the oldest that may go. What was done to one case goes in its order, one after the other. */
export function next(items: readonly Item[], who: string, now: number): Item | null {
  const held = new Set<string>();
  for (const item of inOrder(items)) {
    if (item.who !== who) continue;
    const free = item.caseId === null || !held.has(item.caseId);
    if (item.caseId !== null) held.add(item.caseId);
    if (free && item.state !== "stopped" && item.notBefore <= now) return item;
  }
  return null;
}

export function inOrder(items: readonly Item[]): Item[] {
  return [...items].sort((a, b) => a.order - b.order);
}

/** An item that waits for one before it that needs a person. */
export function isHeld(item: Item, items: readonly Item[]): boolean {
  return items.some(
    (one) => one.state === "stopped" && one.caseId !== null && one.caseId === item.caseId && one.order < item.order,
  );
}

/** A first try whose answer was lost so long ago that a repeat may be a second doing. A step is safe: its version. */
export function isUnsure(item: Item, now: number): boolean {
  return item.act.kind !== "step" && item.firstSent !== null && now - item.firstSent > REMEMBERED_MS;
}

export type Outcome = "again" | "session" | "signIn" | "photos" | "conflict" | "refused";

/** What is to be done about a refusal; status 0: nobody answered. */
export function outcome(status: number, code: string, faults: readonly { pointer: string }[]): Outcome {
  if (status === 401) return "signIn";
  if (status === 403 && code === "csrf") return "session";
  if (code === "offset_differs" || code === "hash_mismatch") return "again"; // of a photo: it goes on, or begins anew
  if (status === 412 || status === 409) return "conflict";
  if (status === 422 && faults.some((one) => one.pointer.startsWith("/body/photos"))) return "photos";
  if (status === 0 || status === 408 || status === 425 || status === 429 || status >= 500) return "again";
  return "refused";
}

/** How long to wait before the next try. */
export function wait(tries: number): number {
  return WAITS_MS[Math.min(tries, WAITS_MS.length) - 1] ?? WAITS_MS[0];
}

/** The items as they wait once somebody hurries: what was last tried before `since` waits no longer. */
export function hurried(items: readonly Item[], since: number): Item[] {
  return items.map((item) => (item.notBefore - wait(item.tries) < since ? { ...item, notBefore: 0 } : item));
}

/**
 * The others after one was done: what went out from the same version goes out from the one that it made, for nobody
 * else came between. A note is taken whatever came between; then the rest keeps its version, and is told.
 */
export function rebased(items: readonly Item[], done: Item, version: number | null): Item[] {
  if (version === null || (done.act.kind === "note" && version !== done.base + 1)) return [];
  return items
    .filter((one) => one.key !== done.key && one.caseId === done.caseId && one.base === done.base)
    .map((one) => ({ ...one, base: version }));
}

/** Where a case stands once what waits for it is done, as far as this device can tell. */
export interface Projected {
  state: string;
  done: ReadonlySet<string>;
}

const LEADS: Readonly<Record<string, string>> = {
  start: "in_progress", resolve: "resolved", self_handle: "resolved", check: "checking", check_failed: "in_progress",
};

export function projected(state: string, caseId: string, items: readonly Item[]): Projected {
  const done = new Set<string>();
  for (const item of inOrder(items)) {
    if (item.caseId !== caseId || item.state === "stopped") continue;
    if (item.act.kind === "note") done.add(item.act.note);
    if (item.act.kind !== "step") continue;
    done.add(item.act.action);
    state = LEADS[item.act.action] ?? state;
  }
  return { state, done };
}
