/** Hand-overs: what would be handed over, what was, and the first signature. */
import { body, client } from "./calls";
import type { components } from "./schema";
import type { Readable } from "openapi-typescript-helpers";

type Schemas = Readable<components["schemas"]>;
export type Lists = Schemas["Lists"];
export type Head = Schemas["HandoverHead"];
export type Handover = Schemas["Handover"];

/** As it stands now. */
export function sheetOf(seat: string): Promise<Lists> {
  return body(client.GET("/api/v1/duty/seats/{name}/sheet", { params: { path: { name: seat } } }));
}

/** The first signature. */
export function offer(seat: string, notes: string): Promise<Handover> {
  return body(client.POST("/api/v1/duty/seats/{name}/handover", { params: { path: { name: seat } }, body: { notes } }));
}

/** Newest first. */
export async function handovers(): Promise<readonly Head[]> {
  return (await body(client.GET("/api/v1/duty/handovers"))).items;
}
