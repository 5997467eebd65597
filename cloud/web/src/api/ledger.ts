/** 台账: the ledger of cases. */
import type { Readable } from "openapi-typescript-helpers";
import { body, client } from "./calls";
import type { components, operations, paths } from "./schema";

type Schemas = Readable<components["schemas"]>;
export type LedgerRow = Schemas["LedgerRow"];
export type LedgerPage = Schemas["LedgerPage"];
export type Clocks = Schemas["Clocks"];
export type LedgerQuery = NonNullable<operations["listLedger"]["parameters"]["query"]>;

const FILES = { csv: "/api/v1/ledger.csv", xlsx: "/api/v1/ledger.xlsx" } as const satisfies Record<string, keyof paths>;

export function ledgerPage(query: LedgerQuery): Promise<LedgerPage> {
  return body(client.GET("/api/v1/ledger", { params: { query } }));
}

/** Where the same cases are as a file. */
export function ledgerFile(form: keyof typeof FILES, query: LedgerQuery): string {
  const { cursor: _, limit: __, ...filters } = query;
  const given = Object.entries(filters).filter(([, value]) => value != null).map(([name, value]) => [name, String(value)]);
  return `${FILES[form]}?${new URLSearchParams(given)}`;
}

/** The clocks of cases; those without limits are not among them. */
export function clocksOf(incidents: string[]): Promise<readonly Clocks[]> {
  return body(client.GET("/api/v1/deadlines", { params: { query: { incident: incidents } } }));
}
