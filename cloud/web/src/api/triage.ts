/** What citizens, the hotline and workers reported, until somebody has decided about it. */
import type { Readable } from "openapi-typescript-helpers";
import { body, client } from "./calls";
import type { components } from "./schema";

type Schemas = Readable<components["schemas"]>;
export type Waiting = Schemas["Waiting"];
export type Nearby = Schemas["Nearby"];
export type QueueState = Waiting["state"];

export interface Decision {
  decision: "accept" | "merge" | "refuse";
  event_class?: string;
  incident_id?: string;
  reason?: string;
}

export async function queue(state: QueueState): Promise<{ items: readonly Waiting[]; waiting: number }> {
  return body(client.GET("/api/v1/triage", { params: { query: { state, limit: 100 } } }));
}

/** Refused with 412 or 409 when somebody decided first. */
export async function decide(report: Waiting, decision: Decision): Promise<{ incident_id: string | null }> {
  const params = { path: { report_id: report.id }, header: { "if-match": `"v${report.version}"` } };
  return body(client.POST("/api/v1/triage/{report_id}/decision", { params, body: decision }));
}
