import type { Incident, IncidentState, Severity } from "../api/types";

export const SEVERITIES: readonly Severity[] = ["critical", "high", "medium", "low"];

const FINISHED: ReadonlySet<IncidentState> = new Set(["closed", "evaluated", "rejected", "void", "false_alarm"]);

export function isFinished(incident: Incident): boolean {
  return FINISHED.has(incident.state);
}

/** Nobody has taken it yet. */
export function isWaiting(incident: Incident): boolean {
  return incident.state === "detected" || incident.state === "verifying";
}

/** What follows from an incident alone is worked out once: a storm puts thousands in order many times a second. */
function once<T>(of: (incident: Incident) => T): (incident: Incident) => T {
  const known = new WeakMap<Incident, { is: T }>();
  return (incident) => {
    let found = known.get(incident);
    if (!found) known.set(incident, (found = { is: of(incident) }));
    return found.is;
  };
}

/** When it was opened, in milliseconds since 1970. */
export const momentOf = once((incident) => Date.parse(incident.opened_at));

/** Its node is silent: whether anything of it still holds cannot be known, and it is the node that needs somebody. */
export const isInhibited = once((incident) => {
  const active = incident.alarms.filter((alarm) => alarm.state.active);
  return active.length > 0 && active.every((alarm) => alarm.state.inhibited);
});

/** Whether somebody is to be told now: new or live only now, and not from an outage that is over. */
export function calls(before: Incident | undefined, incident: Incident): boolean {
  return isWaiting(incident) && !incident.history && (!before || before.history);
}

/** Nobody has said yet that they saw it. */
function isUnseen(incident: Incident): boolean {
  return incident.alarms.some((alarm) => alarm.state.name === "unacknowledged");
}

/** The wall's order: who waits for a person first, what cannot be known last, then the worst, what nobody saw, the newest. */
export function byUrgency(a: Incident, b: Incident): number {
  return rank(a) - rank(b) || momentOf(b) - momentOf(a) || compare(a.id, b.id);
}

const rank = once(
  (incident) =>
    (isWaiting(incident) ? 0 : 100) +
    (isInhibited(incident) ? 50 : 0) +
    10 * SEVERITIES.indexOf(incident.severity) +
    (isUnseen(incident) ? 0 : 1),
);

/** Of finished ones: the latest first. */
export function byFinished(a: Incident, b: Incident): number {
  return Date.parse(b.closed_at ?? b.updated_at) - Date.parse(a.closed_at ?? a.updated_at) || compare(a.id, b.id);
}

export function worst(incidents: readonly Incident[]): Severity | null {
  return SEVERITIES.find((severity) => incidents.some((incident) => incident.severity === severity)) ?? null;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
