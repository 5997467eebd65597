import type { Mute } from "../api/desk";
import type { Incident, Severity } from "../api/types";
import { isInhibited, isWaiting, SEVERITIES } from "../state/order";

/** What has called for so long is called louder. */
export const LOUD_AFTER_MS = 60_000;

/** What is to be heard now. */
export interface Ringing {
  severity: Severity;
  loud: boolean;
  /** How many call, of all severities. */
  calling: number;
}

/** Whether it calls until somebody acknowledges its alarms or takes the case. */
export function isCalling(incident: Incident): boolean {
  return (
    isWaiting(incident) && !incident.history && !isInhibited(incident) &&
    incident.alarms.some((alarm) => alarm.state.name === "unacknowledged")
  );
}

/** The worst that calls; while the wall is silenced only what is critical. */
export function ringing(incidents: readonly Incident[], now: number, silenced: boolean): Ringing | null {
  const calling = incidents.filter(isCalling);
  for (const severity of silenced ? SEVERITIES.slice(0, 1) : SEVERITIES) {
    const those = calling.filter((one) => one.severity === severity);
    if (those.length === 0) continue;
    const oldest = Math.min(...those.map((one) => Date.parse(one.opened_at)));
    return { severity, loud: now - oldest >= LOUD_AFTER_MS, calling: calling.length };
  }
  return null;
}

/** Whether silence still lasts. */
export function runs(mute: Mute | null, at: number): boolean {
  return mute !== null && mute.ended_at === null && Date.parse(mute.until) > at;
}
