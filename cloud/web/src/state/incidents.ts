import { computed, signal } from "@preact/signals";
import { finishedIncidents, openIncidents } from "../api/calls";
import type { Alarm, Incident, Severity } from "../api/types";
import { classNamed, named } from "../words";
import { fold } from "./fold";
import { byFinished, byUrgency, isFinished, isWaiting } from "./order";
import { quietPoint } from "./panes";

const known = signal<ReadonlyMap<string, Incident>>(new Map());
export const loaded = signal(false);
/** Which list is shown. */
export const shelf = signal<"open" | "finished">("open");
export const selectedId = signal<string | null>(null);
/** On a narrow screen the detail covers the list while this is true. */
export const opened = signal(false);
/** Severities that are shown; none: all. */
export const severities = signal<ReadonlySet<Severity>>(new Set());
/** What the list is searched for. */
export const sought = signal("");
/** Ids of incidents whose fold is open. */
const unfolded = signal<ReadonlySet<string>>(new Set());

/** One row of the list. */
export interface Row {
  incident: Incident;
  /** Whom a key press on this row is for: all that it stands for, or itself alone. */
  all: readonly Incident[];
  /** How many its fold has, itself among them. */
  size: number;
  /** It stands under the row that leads its open fold. */
  under: boolean;
}

/** Another day on the same screen, while one is played again: it takes the place of what is known, for the eyes only. */
export const replayed = signal<ReadonlyMap<string, Incident> | null>(null);
/** What waits for somebody now, whatever the screen shows: sound and announcements go by it. */
export const liveWaiting = computed(() => [...known.value.values()].filter(isWaiting).sort(byUrgency));
const all = computed(() => [...(replayed.value ?? known.value).values()]);
export const open = computed(() => all.value.filter((incident) => !isFinished(incident)).sort(byUrgency));
export const finished = computed(() => all.value.filter(isFinished).sort(byFinished));
export const waiting = computed(() => open.value.filter(isWaiting));
const matching = computed(() => {
  const text = sought.value.trim().toLowerCase();
  const wanted = severities.value;
  const those = shelf.value === "open" ? open.value : finished.value;
  return those.filter((one) => (wanted.size === 0 || wanted.has(one.severity)) && (!text || describes(one, text)));
});
/** The list as it is on screen. */
export const rows = computed<Row[]>(() => {
  if (shelf.value === "finished") {
    return matching.value.map((incident) => ({ incident, all: [incident], size: 1, under: false }));
  }
  return fold(matching.value).flatMap((one): Row[] => {
    const size = one.all.length;
    if (size === 1 || !one.all.some((each) => unfolded.value.has(each.id))) {
      return [{ incident: one.lead, all: one.all, size, under: false }];
    }
    return one.all.map((incident, n) => ({ incident, all: [incident], size: n === 0 ? size : 1, under: n > 0 }));
  });
});
export const selected = computed(() => {
  const id = selectedId.value;
  return id ? ((replayed.value ?? known.value).get(id) ?? null) : null;
});
/** The row on which the selected one stands. */
export const selectedRow = computed(() => rows.value[rowOf(selectedId.value)] ?? null);
/** Whom the next key press is for: the selected one, with all that its row stands for. */
export const targets = computed<readonly Incident[]>(() => {
  const row = selectedRow.value;
  if (row && row.incident.id === selectedId.value) return row.all;
  return selected.value ? [selected.value] : [];
});

/** Take an incident, unless a newer version of it is known. Returns what was known of it before. */
export function take(incident: Incident): Incident | undefined {
  const before = known.value.get(incident.id);
  takeAll([{ incident }]);
  return before;
}

/** Take what the stream told, in its order, and draw once. An alarm goes into the incident that has it. */
export function takeAll(told: readonly ({ incident: Incident } | { alarm: Alarm })[]): void {
  const next = new Map(known.value);
  let changed = false;
  for (const one of told) {
    const taken = "incident" in one ? one.incident : withAlarm(next, one.alarm);
    if (!taken) continue;
    const before = next.get(taken.id);
    if (before && before.version > taken.version) continue;
    next.set(taken.id, taken);
    changed = true;
  }
  if (changed) known.value = next;
}

export function isKnown(id: string): Incident | undefined {
  return known.value.get(id);
}

/** A node that falls silent changes its alarms and no incident. */
function withAlarm(all: ReadonlyMap<string, Incident>, alarm: Alarm): Incident | undefined {
  const incident = alarm.incident_id ? all.get(alarm.incident_id) : undefined;
  const before = incident?.alarms.find((one) => one.id === alarm.id);
  if (!incident || !before || before.version > alarm.version) return undefined;
  return { ...incident, alarms: incident.alarms.map((one) => (one === before ? alarm : one)) };
}

/** Replace everything by what the cloud has now; what arrived meanwhile and is newer stays. */
export async function loadIncidents(): Promise<void> {
  const before = known.value;
  const fetched = [...(await openIncidents()), ...(await finishedIncidents())];
  const next = new Map<string, Incident>();
  for (const incident of fetched) next.set(incident.id, incident);
  for (const [id, incident] of known.value) {
    const other = next.get(id);
    const arrivedMeanwhile = before.get(id) !== incident;
    if (arrivedMeanwhile && (!other || other.version < incident.version)) next.set(id, incident);
  }
  known.value = next;
  loaded.value = true;
  if (!selected.value) selectedId.value = open.value[0]?.id ?? null;
}

export function forgetIncidents(): void {
  known.value = new Map();
  loaded.value = false;
  selectedId.value = null;
  opened.value = false;
  sought.value = "";
  severities.value = new Set();
  unfolded.value = new Set();
}

/** Show the list that holds the incident, and the incident. */
export function select(id: string, andOpen = false): void {
  const incident = (replayed.value ?? known.value).get(id);
  if (incident) shelf.value = isFinished(incident) ? "finished" : "open";
  selectedId.value = id;
  quietPoint.value = null;
  if (andOpen) opened.value = true;
}

/** Move the selection by `step` rows in the list on screen. */
export function move(step: 1 | -1): void {
  const at = rowOf(selectedId.value);
  const next = at < 0 ? 0 : Math.min(rows.value.length - 1, Math.max(0, at + step));
  const row = rows.value[next];
  if (row) selectedId.value = row.incident.id;
  quietPoint.value = null;
}

/** The one that needs somebody most, whatever is searched or filtered. */
export function selectMostUrgent(): void {
  const first = open.value[0];
  if (!first) return;
  sought.value = "";
  severities.value = new Set();
  select(first.id);
}

/** Open the fold of the selected row, or close it again. */
export function toggleFold(): void {
  const id = selectedId.value;
  const group = id && fold(matching.value).find((one) => one.all.some((each) => each.id === id));
  if (!group || group.all.length === 1) return;
  const rest = new Set([...unfolded.value].filter((each) => !group.all.some((one) => one.id === each)));
  if (rest.size === unfolded.value.size) rest.add(group.lead.id);
  else selectedId.value = group.lead.id;
  unfolded.value = rest;
}

export function toggleSeverity(severity: Severity): void {
  const next = new Set(severities.value);
  if (!next.delete(severity)) next.add(severity);
  severities.value = next;
}

/** Where the row of an incident stands in the list on screen; -1: nowhere. */
export function rowOf(id: string | null): number {
  const at = rows.value.findIndex((row) => row.incident.id === id);
  return at >= 0 ? at : rows.value.findIndex((row) => row.all.some((one) => one.id === id));
}

function describes(one: Incident, text: string): boolean {
  const parts = [one.number, one.point.id, named(one.point.name), classNamed(one.event_class), one.camera];
  if (one.area.grid) parts.push(one.area.grid.id, named(one.area.grid.name));
  return parts.some((part) => part.toLowerCase().includes(text));
}
