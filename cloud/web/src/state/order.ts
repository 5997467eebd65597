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

/** Its node is silent: whether anything of it still holds cannot be known, and it is the node that needs somebody. */
export function isInhibited(incident: Incident): boolean {
  const active = incident.alarms.filter((alarm) => alarm.state.active);
  return active.length > 0 && active.every((alarm) => alarm.state.inhibited);
}

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
  return (
    Number(isWaiting(b)) - Number(isWaiting(a)) ||
    Number(isInhibited(a)) - Number(isInhibited(b)) ||
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    Number(isUnseen(b)) - Number(isUnseen(a)) ||
    compare(b.opened_at, a.opened_at) ||
    compare(a.id, b.id)
  );
}

/** Of finished ones: the latest first. */
export function byFinished(a: Incident, b: Incident): number {
  return compare(b.closed_at ?? b.updated_at, a.closed_at ?? a.updated_at) || compare(a.id, b.id);
}

export function worst(incidents: readonly Incident[]): Severity | null {
  return SEVERITIES.find((severity) => incidents.some((incident) => incident.severity === severity)) ?? null;
}

/** ISO strings of the same precision sort as text; moments of differing precision do not, so compare times. */
function compare(a: string, b: string): number {
  const [left, right] = [Date.parse(a), Date.parse(b)];
  if (!Number.isNaN(left) && !Number.isNaN(right)) return left - right;
  return a < b ? -1 : a > b ? 1 : 0;
}
