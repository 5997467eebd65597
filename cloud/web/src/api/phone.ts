import { body, client, limited } from "./calls";
import type { Act, Item } from "../phone/queue";
import type { Readable, Writable } from "openapi-typescript-helpers";
import type { components } from "./schema";
import type { Incident } from "./types";

type Schemas = Readable<components["schemas"]>;
export type Choices = Schemas["Choices"];
export type Choice = Schemas["Choice"];
export type Clocks = Schemas["Clocks"];
export type EventClassOut = Schemas["EventClassOut"];
export type Figure = Schemas["Figure"];
export type Nearby = Schemas["Nearby"];
export type Sop = Schemas["SopOut"];
export type OnDuty = Schemas["OnDutyOut"];
export type Track = Schemas["Track"];
export type Fix = Writable<components["schemas"]["PositionWish"]>;

/** At most so many clocks are asked for at once. */
const CLOCKS = 50;

export async function clocksOf(ids: readonly string[]): Promise<readonly Clocks[]> {
  const found: Clocks[] = [];
  for (let at = 0; at < ids.length; at += CLOCKS) {
    const params = { query: { incident: ids.slice(at, at + CLOCKS) } };
    found.push(...(await body(client.GET("/api/v1/deadlines", { params }))));
  }
  return found;
}

export function choicesOf(id: string): Promise<Choices> {
  return body(client.GET("/api/v1/incidents/{incident_id}/transitions", { params: { path: { incident_id: id } } }));
}

export async function sops(): Promise<readonly Sop[]> {
  return (await body(client.GET("/api/v1/sops"))).items;
}

export function eventClasses(): Promise<readonly EventClassOut[]> {
  return body(client.GET("/api/v1/event-classes"));
}

export function nearby(eventClass: string, lon: number, lat: number): Promise<readonly Nearby[]> {
  return body(client.GET("/api/v1/nearby", { params: { query: { event_class: eventClass, lon, lat } } }));
}

/** What a link out of a message is about. */
export function followLink(token: string): Promise<Schemas["LinkTarget"]> {
  return body(client.POST("/api/v1/push/links", { body: { token } }));
}

export function noticeRead(id: string): Promise<unknown> {
  return body(client.POST("/api/v1/push/notices/{notice_id}/read", { params: { path: { notice_id: id } } }));
}

export function noticeDelivered(id: string): Promise<unknown> {
  return body(client.POST("/api/v1/push/notices/{notice_id}/delivered", { params: { path: { notice_id: id } } }));
}

/** One's own figures of thirty days. */
export async function figuresOf(person: string): Promise<readonly Figure[]> {
  return (await body(client.GET("/api/v1/indices", { params: { query: { person } } }))).items;
}

export function sendTrack(positions: Fix[]): Promise<Schemas["TrackTaken"]> {
  return body(client.POST("/api/v1/privacy/track", { body: { positions } }));
}

export function track(): Promise<Track> {
  return body(client.GET("/api/v1/privacy/track"));
}

export function deleteTrack(): Promise<unknown> {
  return body(client.DELETE("/api/v1/privacy/track"));
}

/** Send a photo under its hash, or what is missing of it: a cut costs what was on its way, not what had arrived. */
export async function sendPhoto(sha256: string, jpeg: Blob): Promise<void> {
  const path = { sha256 };
  const asked = client.HEAD("/api/v1/photos/{sha256}", { params: { path } });
  await body(asked);
  const { headers } = (await asked).response;
  if (headers.get("Upload-Complete") === "?1") return;
  const offset = Number(headers.get("Upload-Offset"));
  const header = { "upload-offset": offset, "upload-length": jpeg.size };
  await body(
    client.PATCH("/api/v1/photos/{sha256}", {
      params: { path, header }, headers: { "Content-Type": "application/octet-stream" }, body: "",
      bodySerializer: () => jpeg.slice(offset),
    }),
  );
}

/** A picture's bytes; the original when `reason` says why, else the copy in which nobody can be known. */
export async function picture(url: string, reason?: string): Promise<Blob | null> {
  const answer = await fetch(reason ? `${url}?reason=${encodeURIComponent(reason)}` : url, limited());
  return answer.ok ? answer.blob() : null;
}

/** What came of an action: the case as it is now, and the version that the action made. */
export interface Done {
  incident: Incident | null;
  version: number | null;
  /** Of a report: the number to tell whoever asks. */
  number: string | null;
}

/** Send one action of the queue, under its own key: sent twice it is done once. */
export async function sendItem(item: Item): Promise<Done> {
  const clock = { written_at: item.at, sent_at: new Date().toISOString() };
  const place = item.place ? { lon: item.place.lon, lat: item.place.lat } : {};
  const header = { "Idempotency-Key": item.key };
  const { act } = item;
  if (act.kind === "report") return report(item, act);
  if (act.kind === "gridNote") {
    const params = { path: { grid_id: act.grid }, header };
    await body(client.POST("/api/v1/grid-log/{grid_id}", { params, body: { words: act.words, ...clock } }));
    return { incident: null, version: null, number: null };
  }
  const path = { incident_id: item.caseId ?? "" };
  if (act.kind === "note") {
    const sent = { kind: act.note, words: act.words, photos: item.photos, ...clock, ...place };
    const note = await body(
      client.POST("/api/v1/incidents/{incident_id}/notes", { params: { path, header }, body: sent }),
    );
    return { incident: null, version: note.version, number: null };
  }
  const sent = {
    action: act.action, reason: act.reason, ...(act.hours ? { hours: act.hours } : {}),
    ...(item.photos.length ? { photos: item.photos } : {}), ...clock, ...place,
  };
  const params = { path, header: { ...header, "if-match": `"v${item.base}"` } };
  const incident = await body(client.POST("/api/v1/incidents/{incident_id}/transitions", { params, body: sent }));
  return { incident, version: incident.version, number: null };
}

async function report(item: Item, act: Extract<Act, { kind: "report" }>): Promise<Done> {
  const { eventClass, words, where } = act;
  const spot = "point" in where ? { point: where.point } : { lon: where.lon, lat: where.lat };
  const sent = {
    event_class: eventClass, words, photos: item.photos, happened_at: item.at, sent_at: new Date().toISOString(), ...spot,
  };
  const params = { header: { "Idempotency-Key": item.key } };
  const opened = await body(client.POST("/api/v1/incidents", { params, body: sent }));
  return { incident: null, version: null, number: opened.number };
}
