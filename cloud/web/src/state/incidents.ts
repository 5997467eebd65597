import { computed, signal } from "@preact/signals";
import { finishedIncidents, openIncidents } from "../api/calls";
import type { Alarm, Incident } from "../api/types";
import { byFinished, byUrgency, isFinished, isWaiting } from "./order";
import { quietPoint } from "./panes";

const known = signal<ReadonlyMap<string, Incident>>(new Map());
export const loaded = signal(false);
/** Which list is shown. */
export const shelf = signal<"open" | "finished">("open");
export const selectedId = signal<string | null>(null);
/** On a narrow screen the detail covers the list while this is true. */
export const opened = signal(false);

const all = computed(() => [...known.value.values()]);
export const open = computed(() => all.value.filter((incident) => !isFinished(incident)).sort(byUrgency));
export const finished = computed(() => all.value.filter(isFinished).sort(byFinished));
export const waiting = computed(() => open.value.filter(isWaiting));
/** The list as it is on screen. */
export const shown = computed(() => (shelf.value === "open" ? open.value : finished.value));
export const selected = computed(() => (selectedId.value ? (known.value.get(selectedId.value) ?? null) : null));

/** Take an incident, unless a newer version of it is known. Returns what was known of it before. */
export function take(incident: Incident): Incident | undefined {
  const before = known.value.get(incident.id);
  if (before && before.version > incident.version) return before;
  known.value = new Map(known.value).set(incident.id, incident);
  return before;
}

/** Take an alarm into the incident that has it: a node that falls silent changes its alarms and no incident. */
export function takeAlarm(alarm: Alarm): void {
  const incident = alarm.incident_id ? known.value.get(alarm.incident_id) : undefined;
  const before = incident?.alarms.find((one) => one.id === alarm.id);
  if (!incident || !before || before.version > alarm.version) return;
  const alarms = incident.alarms.map((one) => (one === before ? alarm : one));
  known.value = new Map(known.value).set(incident.id, { ...incident, alarms });
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
}

/** Show the list that holds the incident, and the incident. */
export function select(id: string, andOpen = false): void {
  const incident = known.value.get(id);
  if (incident) shelf.value = isFinished(incident) ? "finished" : "open";
  selectedId.value = id;
  quietPoint.value = null;
  if (andOpen) opened.value = true;
}

/** Move the selection by `step` rows in the list on screen. */
export function move(step: 1 | -1): void {
  const rows = shown.value;
  const at = rows.findIndex((incident) => incident.id === selectedId.value);
  const next = at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step));
  const row = rows[next];
  if (row) selectedId.value = row.id;
  quietPoint.value = null;
}
