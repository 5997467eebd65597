/** What whoever sits at the wall asks of the cloud: alarms, duty, departments. */
import { body, client, Refused } from "./calls";
import type { components } from "./schema";
import type { Readable, Writable } from "openapi-typescript-helpers";
import type { Alarm, Incident } from "./types";

type Schemas = Readable<components["schemas"]>;
export type Figures = Schemas["Figures"];
export type Shelf = Schemas["StandingShelf"];
export type ServiceState = Schemas["ServiceState"];
export type FalseReason = Schemas["Reason"];
export type Seat = Schemas["SeatOut"];
export type Handover = Schemas["Handover"];
export type OnDuty = Schemas["OnDutyOut"];
export type Mute = Schemas["Mute"];
export type Responsibility = Schemas["ResponsibilityOut"];
export type Organisation = Schemas["OrganisationOut"];
export type EventClassRow = Schemas["EventClassOut"];
export type Clocks = Schemas["Clocks"];
export type PlaceHistory = Schemas["PlaceHistory"];
export type EarlierPicture = Schemas["EarlierPicture"];
export type Sop = Schemas["SopOut"];
export type Step = Writable<components["schemas"]["TransitionRequest"]>;
export type Verdict = Pick<Writable<components["schemas"]["VerdictsWish"]>, "verdict" | "reason" | "event_class">;

const ifMatch = (version: number): { "if-match": string } => ({ "if-match": `"v${version}"` });

/** One verdict for all alarms of these; what changed since it was seen is left and named. */
export function judge(incidents: readonly Incident[], verdict: Verdict): Promise<Schemas["Judged"]> {
  const seen = incidents.map((one) => ({ id: one.id, version: one.version }));
  return body(client.POST("/api/v1/alarms/verdicts", { body: { alarms: [], incidents: seen, ...verdict } }));
}

export async function falseReasons(): Promise<readonly FalseReason[]> {
  return (await body(client.GET("/api/v1/alarms/false-reasons"))).items;
}

export function eventClasses(): Promise<readonly EventClassRow[]> {
  return body(client.GET("/api/v1/event-classes"));
}

/** Somebody saw it: it stops calling. */
export function acknowledge(alarm: Alarm): Promise<Alarm> {
  const params = { path: { alarm_id: alarm.id }, header: ifMatch(alarm.version) };
  return body(client.POST("/api/v1/alarms/{alarm_id}/acknowledge", { params }));
}

export function shelve(alarm: Alarm, reason: string, until: string): Promise<Alarm> {
  const params = { path: { alarm_id: alarm.id }, header: ifMatch(alarm.version) };
  return body(client.POST("/api/v1/alarms/{alarm_id}/shelve", { params, body: { reason, until } }));
}

export function unshelve(alarm: Alarm): Promise<Alarm> {
  const params = { path: { alarm_id: alarm.id }, header: ifMatch(alarm.version) };
  return body(client.POST("/api/v1/alarms/{alarm_id}/unshelve", { params }));
}

export async function shelves(): Promise<readonly Shelf[]> {
  return (await body(client.GET("/api/v1/alarms/shelves"))).items;
}

/** Alarms that are put aside now. */
export async function asideAlarms(): Promise<readonly Alarm[]> {
  return (await body(client.GET("/api/v1/alarms", { params: { query: { aside: true, limit: 500 } } }))).items;
}

export async function outOfService(): Promise<readonly ServiceState[]> {
  return (await body(client.GET("/api/v1/devices/out-of-service"))).items;
}

export function service(device: string): Promise<ServiceState> {
  return body(client.GET("/api/v1/devices/{device}/service", { params: { path: { device } } }));
}

export function takeOut(device: string, version: number, reason: string, until: string): Promise<ServiceState> {
  const params = { path: { device }, header: ifMatch(version) };
  return body(client.PUT("/api/v1/devices/{device}/service", { params, body: { reason, until } }));
}

export function putBack(device: string, version: number): Promise<ServiceState> {
  const params = { path: { device }, header: ifMatch(version) };
  return body(client.DELETE("/api/v1/devices/{device}/service", { params }));
}

/** The measures of ISA-18.2 since then. */
export function figures(since: Date): Promise<Figures> {
  return body(client.GET("/api/v1/alarms/figures", { params: { query: { since: since.toISOString() } } }));
}

export function placeHistory(place: string, eventClass: string): Promise<PlaceHistory> {
  return body(client.GET("/api/v1/alarms/at", { params: { query: { place, event_class: eventClass } } }));
}

/** The node's own picture nearest to a moment of its last hour, and when it was taken. */
export async function stillOf(camera: string, at: Date): Promise<{ blob: Blob; takenAt: string }> {
  let takenAt = "";
  const params = { path: { camera }, query: { at: at.toISOString() } };
  const asked = client.GET("/api/v1/cameras/{camera}/stills", { params, parseAs: "blob" });
  const blob = await body(asked.then((answer) => {
    takenAt = answer.response.headers.get("Gridwatch-Taken-At") ?? "";
    return answer;
  }));
  if (!(blob instanceof Blob)) throw new Refused(0, "network");
  return { blob, takenAt };
}

export async function sops(): Promise<readonly Sop[]> {
  return (await body(client.GET("/api/v1/sops"))).items;
}

/** Of at most 50 cases. */
export function clocks(incidents: readonly string[]): Promise<readonly Clocks[]> {
  return body(client.GET("/api/v1/deadlines", { params: { query: { incident: [...incidents] } } }));
}

/** Any step of a case, with whatever belongs to it. */
export function step(id: string, version: number, request: Step): Promise<Incident> {
  const params = { path: { incident_id: id }, header: ifMatch(version) };
  return body(client.POST("/api/v1/incidents/{incident_id}/transitions", { params, body: request }));
}

/** Call departments to a case; the same key again is the same call. */
export function whistle(incident: Incident, organisations: string[], reason: string, key: string): Promise<unknown> {
  const params = {
    path: { incident_id: incident.id }, header: { ...ifMatch(incident.version), "Idempotency-Key": key },
  };
  return body(client.POST("/api/v1/incidents/{incident_id}/whistles", { params, body: { organisations, reason } }));
}

export async function departments(): Promise<readonly Organisation[]> {
  return (await body(client.GET("/api/v1/organisations"))).items;
}

/** Who leads in a class in a grid. */
export async function responsibility(eventClass: string, grid: string): Promise<Responsibility | null> {
  const query = { event_class: eventClass, grid };
  return (await body(client.GET("/api/v1/responsibilities", { params: { query } }))).items[0] ?? null;
}

export function onDuty(grid?: string): Promise<OnDuty> {
  return body(client.GET("/api/v1/duty", { params: { query: grid ? { grid } : {} } }));
}

export async function seats(): Promise<readonly Seat[]> {
  return (await body(client.GET("/api/v1/duty/seats"))).items;
}

export async function takeSeat(name: string): Promise<void> {
  await body(client.POST("/api/v1/duty/seats/{name}/take", { params: { path: { name } } }));
}

export async function leaveSeat(name: string, reason: string): Promise<void> {
  await body(client.POST("/api/v1/duty/seats/{name}/leave", { params: { path: { name } }, body: { reason } }));
}

export function handover(id: string): Promise<Handover> {
  return body(client.GET("/api/v1/duty/handovers/{handover_id}", { params: { path: { handover_id: id } } }));
}

export function signHandover(id: string): Promise<Handover> {
  return body(client.POST("/api/v1/duty/handovers/{handover_id}/sign", { params: { path: { handover_id: id } } }));
}

export async function mutes(): Promise<readonly Mute[]> {
  return (await body(client.GET("/api/v1/duty/mutes"))).items;
}

export function silenceWall(reason: string, minutes: number): Promise<Mute> {
  return body(client.POST("/api/v1/duty/mutes", { body: { reason, minutes } }));
}

export async function endMute(id: string): Promise<void> {
  await body(client.POST("/api/v1/duty/mutes/{mute_id}/end", { params: { path: { mute_id: id } } }));
}
