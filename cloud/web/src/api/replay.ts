/** Past days, out of the logs of cases. */
import { body, client } from "./calls";
import type { components } from "./schema";
import type { Readable } from "openapi-typescript-helpers";

type Schemas = Readable<components["schemas"]>;
export type ReplayPage = Schemas["ReplayPage"];
export type Standing = Schemas["CaseStood"];
export type Change = Schemas["CaseChange"];

/** One page of a day. */
export function replayPage(day: string, cursor: string | null): Promise<ReplayPage> {
  const query = { day, limit: 1000, ...(cursor ? { cursor } : {}) };
  return body(client.GET("/api/v1/replay", { params: { query } }));
}
