/** Everything that happened to a case, of whatever kind, as one row of moments. Pure. */
import type { Notice } from "../api/case";
import type { Evidence, Incident, IncidentEvent } from "../api/types";

export type Kind = "log" | "notice" | "picture";

interface Base {
  key: string;
  kind: Kind;
  /** When the cloud knew of it, ms since 1970; of a picture: when it was taken. */
  at: number;
  /** When it happened by a device's clock, where that is known and says something else. */
  device: string | null;
}

export type Moment =
  | (Base & { kind: "log"; event: IncidentEvent })
  | (Base & { kind: "notice"; notice: Notice })
  | (Base & { kind: "picture"; photo: Evidence })
  | (Base & { kind: "picture"; seen: { device: string; gone: boolean } });

export function moments(
  incident: Incident, log: readonly IncidentEvent[], notices: readonly Notice[], until = Infinity,
): Moment[] {
  const found: Moment[] = log.map((event) => ({
    key: `log ${event.id}`, kind: "log", at: Date.parse(event.at), device: deviceTime(event), event,
  }));
  for (const notice of notices) {
    found.push({ key: notice.id, kind: "notice", at: Date.parse(notice.created_at), device: null, notice });
  }
  for (const photo of incident.evidence) {
    found.push({
      key: photo.id, kind: "picture", at: Date.parse(photo.captured_at), device: photo.captured_at, photo,
    });
  }
  for (const alarm of incident.alarms) {
    const seen = (at: string, gone: boolean): Moment => ({
      key: `${alarm.id} ${gone}`, kind: "picture", at: Date.parse(at), device: at, seen: { device: alarm.device, gone },
    });
    found.push(seen(alarm.opened_at, false));
    if (alarm.cleared_at && !alarm.ended) found.push(seen(alarm.cleared_at, true));
  }
  const rank: Record<Kind, number> = { picture: 0, log: 1, notice: 2 };
  const version = (one: Moment): number => ("event" in one ? one.event.id : 0);
  return found
    .filter((one) => one.at <= until)
    .sort((a, b) => a.at - b.at || rank[a.kind] - rank[b.kind] || version(a) - version(b));
}

/** When a line's deed was done by the clock of the device that it was done on. */
function deviceTime(event: IncidentEvent): string | null {
  for (const key of ["done_at", "written_at", "happened_at"]) {
    const said = event.detail[key];
    if (typeof said === "string" && said !== event.at) return said;
  }
  return null;
}

/** Hashes of photos that a line names. */
export function photosOf(event: IncidentEvent): string[] {
  const said = event.detail["photos"];
  return Array.isArray(said) ? said.filter((one): one is string => typeof one === "string") : [];
}
