/** All that the page of one case asks of the cloud. */
import type { Readable, Writable } from "openapi-typescript-helpers";
import { body, client } from "./calls";
import type { components } from "./schema";

type Schemas = Readable<components["schemas"]>;
export type Choice = Schemas["Choice"];
export type Choices = Schemas["Choices"];
export type StepClock = Schemas["StepClock"];
export type Call = Schemas["Call"];
export type CallClock = Schemas["CallClock"];
export type Answer = Schemas["cloud__whistles__calls__Answer"];
export type Notice = Schemas["NoticeRecord"];
export type Report = Schemas["Report"];
export type Nearby = Schemas["Nearby"];
export type Link = Schemas["Link"];
export type Asset = Schemas["Asset"];
export type CaseProof = Schemas["CaseProof"];
export type CaseFile = Schemas["CaseFile"];
export type NewNote = Pick<Writable<components["schemas"]["NewNote"]>, "kind" | "words" | "photos">;

const seen = (version: number): { "if-match": string } => ({ "if-match": `"v${version}"` });
const of = (id: string): { path: { incident_id: string } } => ({ path: { incident_id: id } });

export function choices(id: string): Promise<Choices> {
  return body(client.GET("/api/v1/incidents/{incident_id}/transitions", { params: of(id) }));
}

export async function callsTo(id: string): Promise<readonly Call[]> {
  return (await body(client.GET("/api/v1/incidents/{incident_id}/whistles", { params: of(id) }))).items;
}

export async function noticesOf(id: string): Promise<readonly Notice[]> {
  return (await body(client.GET("/api/v1/incidents/{incident_id}/notices", { params: of(id) }))).items;
}

export async function reportsOf(id: string): Promise<readonly Report[]> {
  return (await body(client.GET("/api/v1/incidents/{incident_id}/reports", { params: of(id) }))).items;
}

export function candidatesOf(id: string): Promise<readonly Nearby[]> {
  return body(client.GET("/api/v1/incidents/{incident_id}/candidates", { params: of(id) }));
}

export async function linksOf(id: string): Promise<readonly Link[]> {
  return (await body(client.GET("/api/v1/incidents/{incident_id}/links", { params: of(id) }))).items;
}

export function assetsOf(id: string): Promise<readonly Asset[]> {
  return body(client.GET("/api/v1/incidents/{incident_id}/assets", { params: of(id) }));
}

/** Say that a case is about an asset, or that it is not. */
export function nameAsset(id: string, code: string, about: boolean): Promise<readonly Asset[]> {
  const params = { path: { incident_id: id, asset_code: code } };
  const path = "/api/v1/incidents/{incident_id}/assets/{asset_code}";
  return body(about ? client.PUT(path, { params }) : client.DELETE(path, { params }));
}

export function proofOf(id: string): Promise<CaseProof> {
  return body(client.GET("/api/v1/incidents/{incident_id}/proof", { params: of(id) }));
}

export function exportOf(id: string): Promise<CaseFile> {
  return body(client.GET("/api/v1/incidents/{incident_id}/export", { params: of(id) }));
}

export async function escalate(id: string, version: number, reason: string): Promise<void> {
  const params = { ...of(id), header: seen(version) };
  await body(client.POST("/api/v1/incidents/{incident_id}/escalations", { params, body: { reason } }));
}

export async function answerCall(call: Call, answer: Answer, words: string): Promise<void> {
  const params = { path: { call_id: call.id }, header: seen(call.version) };
  await body(client.POST("/api/v1/whistles/{call_id}/answers", { params, body: { answer, words: words || null } }));
}

export async function rateCall(call: Call, score: number, words: string): Promise<void> {
  const params = { path: { call_id: call.id } };
  await body(client.POST("/api/v1/whistles/{call_id}/rating", { params, body: { score, words } }));
}

export async function addNote(id: string, note: NewNote): Promise<void> {
  await body(client.POST("/api/v1/incidents/{incident_id}/notes", { params: of(id), body: note }));
}

/** Send a photo ahead of what names it; again is the same. */
export async function putPhoto(sha256: string, jpeg: Blob): Promise<void> {
  await body(
    client.PUT("/api/v1/photos/{sha256}", {
      params: { path: { sha256 } },
      headers: { "Content-Type": "image/jpeg" },
      body: jpeg as unknown as string,
      bodySerializer: (photo) => photo as unknown as Blob,
    }),
  );
}
