/** The cases that this person works on, as they were seen last. */
import { computed, signal } from "@preact/signals";
import { areas, incident as fetchIncident, incidentEvents, openIncidents, points, Refused } from "../api/calls";
import { choicesOf, type Clocks, clocksOf, eventClasses, type EventClassOut, picture, type Sop, sops } from "../api/phone";
import type { AreaFeature, Incident, PointFeature } from "../api/types";
import { loggedOut, me, reached } from "./me";
import * as store from "./store";
import type { AfterPhoto, KeptCase } from "./store";
import { afterPhotos, sectionOf } from "./tasks";

export const known = signal<ReadonlyMap<string, KeptCase>>(new Map());
export const loading = signal(false);
/** When the list was last loaded, ISO; null: never. */
export const loadedAt = signal<string | null>(null);

/** What changes seldom and is needed without network. */
export interface Reference {
  classes: readonly EventClassOut[];
  sops: readonly Sop[];
  areas: readonly AreaFeature[];
  points: readonly PointFeature[];
}
export const reference = signal<Reference>({ classes: [], sops: [], areas: [], points: [] });
export const sopOf = computed(() => new Map(reference.value.sops.map((one) => [one.event_class, one])));

/** What this device has. */
export async function recall(): Promise<void> {
  known.value = new Map((await store.cases()).map((one) => [one.id, one]));
  loadedAt.value = (await store.named<string>("loadedAt")) ?? null;
  const kept = await store.named<Reference>("reference");
  if (kept) reference.value = kept;
}

export function forgetCases(): void {
  known.value = new Map();
  loadedAt.value = null;
}

let running: Promise<void> | null = null;

/** Load all anew; a call while one runs is that one. */
export function refresh(): Promise<void> {
  running ??= load().finally(() => (running = null));
  return running;
}

async function load(): Promise<void> {
  loading.value = true;
  try {
    const open = await openIncidents();
    const there = new Set(open.map((one) => one.id));
    const gone = [...known.value.keys()].filter((id) => !there.has(id));
    for (const one of open) takeCase(one, false);
    drop(gone);
    const close = open.filter((one) => isClose(one)).map((one) => one.id);
    keepClocks(await clocksOf(close));
    loadedAt.value = new Date().toISOString();
    reached.value = true;
    await store.forgetCases(gone);
    await store.setNamed("loadedAt", loadedAt.value);
    for (const id of close) await detail(id);
    await store.putCases([...known.value.values()]);
    await loadReference();
  } catch (error) {
    told(error);
  } finally {
    loading.value = false;
  }
}

async function loadReference(): Promise<void> {
  const [classes, steps, tree, places] = await Promise.all([eventClasses(), sops(), areas(), points()]);
  reference.value = { classes, sops: steps, areas: tree, points: places };
  await store.setNamed("reference", reference.value);
}

/** Those whose page has to open without network. */
function isClose(incident: Incident): boolean {
  const user = me.value;
  return user != null && sectionOf(incident, user.username) !== "grid";
}

/** Take a case unless a newer one is known. */
export function takeCase(incident: Incident, keep = true): void {
  const before = known.value.get(incident.id);
  if (before && before.incident.version > incident.version) return;
  const fresh: KeptCase = {
    clocks: null, choices: null, log: [], picture: null, pictureUrl: null, ...before,
    id: incident.id, incident, seenAt: new Date().toISOString(),
  };
  known.value = new Map(known.value).set(incident.id, fresh);
  if (keep) void store.putCases([fresh]);
}

/** Load one case with all that its page shows; `seen`: somebody looks at it, it is not the page by itself. */
export async function refreshCase(id: string, seen = false): Promise<void> {
  try {
    takeCase(await fetchIncident(id, seen));
    keepClocks(await clocksOf([id]));
    await detail(id);
    const now = known.value.get(id);
    if (now) await store.putCases([now]);
    reached.value = true;
  } catch (error) {
    if (error instanceof Refused && error.status === 404) {
      drop([id]);
      await store.forgetCases([id]);
    } else told(error);
  }
}

async function detail(id: string): Promise<void> {
  const before = known.value.get(id);
  if (!before) return;
  const { version, thumbnail_url: url } = before.incident;
  const fresh = before.choices?.version === version;
  const [choices, log] = fresh ? [before.choices, before.log] : await Promise.all([choicesOf(id), incidentEvents(id)]);
  const photo = url === before.pictureUrl || !url ? before.picture : await picture(url).catch(() => null);
  change(id, { choices, log, picture: photo, pictureUrl: photo ? url : null });
  change(id, { after: await pictures(afterPhotos(log), before.after ?? []) });
}

/** Copies of photos that people took, as far as they can be had; those that are here are not loaded again. */
async function pictures(hashes: readonly string[], here: readonly AfterPhoto[]): Promise<AfterPhoto[]> {
  const found: AfterPhoto[] = [];
  for (const hash of hashes) {
    const url = `/api/v1/media/${hash}`;
    const blob = here.find((one) => one.url === url)?.picture ?? (await picture(url).catch(() => null));
    if (blob) found.push({ url, picture: blob });
  }
  return found;
}

function keepClocks(all: readonly Clocks[]): void {
  for (const clocks of all) change(clocks.incident_id, { clocks });
}

function change(id: string, what: Partial<KeptCase>): void {
  const before = known.value.get(id);
  if (before) known.value = new Map(known.value).set(id, { ...before, ...what });
}

function drop(ids: readonly string[]): void {
  const rest = new Map(known.value);
  for (const id of ids) rest.delete(id);
  known.value = rest;
}

function told(error: unknown): void {
  if (!(error instanceof Refused)) throw error;
  if (error.status === 401) loggedOut.value = true;
  else reached.value = error.status !== 0 && error.status < 500;
}
