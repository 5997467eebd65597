/** Indices, the cases behind them, and the reports of periods. */
import type { Readable } from "openapi-typescript-helpers";
import { body, client } from "./calls";
import type { components, operations } from "./schema";

type Schemas = Readable<components["schemas"]>;
export type Indices = Schemas["Indices"];
export type Figure = Schemas["Figure"];
export type Group = Schemas["Group"];
export type Counted = Schemas["Counted"];
export type CountedPage = Schemas["CountedPage"];
export type IndexQuery = NonNullable<operations["getIndices"]["parameters"]["query"]>;
export type By = NonNullable<IndexQuery["by"]>;
export type CasesQuery = NonNullable<operations["listIndexCases"]["parameters"]["query"]>;
export type Part = NonNullable<CasesQuery["part"]>;
export type Kind = "week" | "half_month" | "month";
export type ReportHead = Schemas["ReportHead"];

/** Numerator, denominator, and of lengths of time their seconds. */
export type Sum = readonly [number, number, number];
export type Sums = Readonly<Record<string, Sum | undefined>>;

/** One index of somebody's stars. */
export interface StarInput {
  code: string;
  weight: number;
  sum: { numerator: number; denominator: number; seconds: number };
  score: number | null;
}

/** How somebody, or a grid, did in a month. */
export interface Star {
  who: string;
  stars: number;
  score: number;
  grade: string;
  inputs: readonly StarInput[];
}

/** A stored report; what is within is as `cloud/reports/reporting.py` writes it. */
export interface Report extends ReportHead {
  same: boolean | null;
  body: {
    opened: number;
    street: Sums;
    community: Readonly<Record<string, Sums>>;
    grid: Readonly<Record<string, Sums>>;
    workers?: readonly Star[];
    grids?: readonly Star[];
  };
}

export function indices(query: IndexQuery): Promise<Indices> {
  return body(client.GET("/api/v1/indices", { params: { query } }));
}

/** A page of the cases that count for an index. */
export function casesBehind(code: string, query: CasesQuery): Promise<CountedPage> {
  return body(client.GET("/api/v1/indices/{code}/cases", { params: { path: { code }, query } }));
}

export async function periodReports(kind: Kind): Promise<readonly ReportHead[]> {
  return (await body(client.GET("/api/v1/reports", { params: { query: { kind } } }))).items;
}

/** A report; `verify` has the cloud work it out of the logs again. */
export async function periodReport(kind: Kind, period: string, verify: boolean): Promise<Report> {
  const params = { path: { kind, period_id: period }, query: { verify } };
  const found = await body(client.GET("/api/v1/reports/{kind}/{period_id}", { params }));
  return found as typeof found & Pick<Report, "body">;
}
