/** How well cameras do, and which of them somebody works on. */
import type { Readable } from "openapi-typescript-helpers";
import { body, client } from "./calls";
import type { components } from "./schema";
import type { Alarm } from "./types";

type Schemas = Readable<components["schemas"]>;
export type Precision = Schemas["PrecisionLedger"];
export type ServiceState = Schemas["ServiceState"];

/** How often alarms were right, of each camera and class, in the last 30 days. */
export function precision(): Promise<Precision> {
  return body(client.GET("/api/v1/precision"));
}

export async function outOfService(): Promise<readonly ServiceState[]> {
  return (await body(client.GET("/api/v1/devices/out-of-service"))).items;
}

/** The newest alarms whose condition still holds. */
export async function activeAlarms(): Promise<readonly Alarm[]> {
  return (await body(client.GET("/api/v1/alarms", { params: { query: { active: true, limit: 500 } } }))).items;
}

export function service(device: string): Promise<ServiceState> {
  return body(client.GET("/api/v1/devices/{device}/service", { params: { path: { device } } }));
}

/** Its alarms call nobody until then; refused with 412 when somebody took it out or put it back meanwhile. */
export function takeOut(seen: ServiceState, reason: string, until: Date): Promise<ServiceState> {
  const params = { path: { device: seen.device }, header: { "if-match": `"v${seen.version}"` } };
  return body(client.PUT("/api/v1/devices/{device}/service", { params, body: { reason, until: until.toISOString() } }));
}

export function putBack(seen: ServiceState): Promise<ServiceState> {
  const params = { path: { device: seen.device }, header: { "if-match": `"v${seen.version}"` } };
  return body(client.DELETE("/api/v1/devices/{device}/service", { params }));
}
