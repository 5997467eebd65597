import createClient from "openapi-fetch";
import type { paths } from "./schema";
import type {
  Action, AreaFeature, Chart, Command, CommandRequest, Incident, IncidentEvent, Names, NodeDevice, NodeLedger, NodeState, PointFeature,
  Series, Session,
} from "./types";

/** The cloud's refusal (RFC 9457), or status 0 where nobody answered. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    /** What the cloud said of it, in English: for who is told no better by `code`. */
    readonly detail = "",
    /** With `invalid`: each fault and its place. */
    readonly faults: readonly { pointer: string; detail: string }[] = [],
  ) {
    super(`${status} ${code}`);
  }
}

export const CSV_URL = "/api/v1/telemetry/csv" satisfies keyof paths;
export const STREAM_URL = "/api/v1/stream" satisfies keyof paths;

let patience = 0;

/** Have each request end after so many milliseconds: where the signal is dead, a browser waits for minutes. */
export function giveUpAfter(ms: number): void {
  patience = ms;
}

/** How long a request may take, for `fetch`. */
export function limited(): RequestInit {
  return patience ? { signal: AbortSignal.timeout(patience) } : {};
}

export const client = createClient<paths>({ fetch: (request) => fetch(request, limited()) });
let csrf = "";

client.use({
  onRequest({ request }) {
    if (request.method !== "GET" && csrf) request.headers.set("X-CSRF-Token", csrf);
    return request;
  },
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer's body, or a `Refused`. */
export async function body<T>(answering: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await answering;
  } catch (error) {
    // `fetch` says TypeError when nobody answers, a cut or unreadable body is a SyntaxError or DOMException.
    if (!(error instanceof TypeError || error instanceof SyntaxError || error instanceof DOMException)) throw error;
    throw new Refused(0, "network");
  }
  if (!answer.response.ok) {
    const { error } = answer;
    const problem: { code: unknown; detail?: unknown; errors?: unknown } =
      typeof error === "object" && error !== null && "code" in error ? error : { code: "unknown" };
    const faults = Array.isArray(problem.errors) ? problem.errors : [];
    throw new Refused(answer.response.status, String(problem.code), String(problem.detail ?? ""), faults);
  }
  return answer.data as T;
}

export async function currentSession(): Promise<Session> {
  const session = await body(client.GET("/api/v1/session"));
  csrf = session.csrf;
  return session;
}

export async function signIn(username: string, password: string): Promise<Session> {
  const session = await body(client.POST("/api/v1/session", { body: { username, password } }));
  csrf = session.csrf;
  return session;
}

export async function signOut(): Promise<void> {
  await body(client.DELETE("/api/v1/session"));
  csrf = "";
}

/** All open incidents, page by page. */
export async function openIncidents(): Promise<Incident[]> {
  const all: Incident[] = [];
  let cursor: string | null = null;
  do {
    const query: { state: string; limit: number; cursor?: string } = { state: "open", limit: 100 };
    if (cursor) query.cursor = cursor;
    const page: { items: readonly Incident[]; next: string | null } = await body(
      client.GET("/api/v1/incidents", { params: { query } }),
    );
    all.push(...page.items);
    cursor = page.next;
  } while (cursor);
  return all;
}

/** The incidents finished last. */
export async function finishedIncidents(): Promise<readonly Incident[]> {
  const query = { state: "closed", limit: 50 };
  return (await body(client.GET("/api/v1/incidents", { params: { query } }))).items;
}

/** `seen`: somebody looks at it, who has then read what called them to it. */
export function incident(id: string, seen = true): Promise<Incident> {
  const params = { path: { incident_id: id }, query: { seen } };
  return body(client.GET("/api/v1/incidents/{incident_id}", { params }));
}

export async function incidentEvents(id: string): Promise<readonly IncidentEvent[]> {
  const params = { path: { incident_id: id } };
  return (await body(client.GET("/api/v1/incidents/{incident_id}/events", { params }))).items;
}

/** Ask for a transition of the version that was on screen; refused with 412 when it is not the newest. */
export function transition(id: string, version: number, action: Action, reason: string): Promise<Incident> {
  const params = { path: { incident_id: id }, header: { "if-match": `"v${version}"` } };
  return body(
    client.POST("/api/v1/incidents/{incident_id}/transitions", { params, body: { action, reason: reason || null } }),
  );
}

export async function areas(): Promise<readonly AreaFeature[]> {
  return (await body(client.GET("/api/v1/areas"))).features;
}

export async function points(): Promise<readonly PointFeature[]> {
  return (await body(client.GET("/api/v1/points"))).features;
}

/** Whom cases can be given to. */
export async function organisations(): Promise<readonly { id: string; name: Names }[]> {
  return (await body(client.GET("/api/v1/organisations"))).items;
}

export function nodes(): Promise<readonly NodeState[]> {
  return body(client.GET("/api/v1/nodes"));
}

/** What became of every message of a node. */
export function nodeLedger(node: string): Promise<NodeLedger> {
  return body(client.GET("/api/v1/nodes/{node}/ledger", { params: { path: { node } } }));
}

/** A node's devices and their last words. */
export function nodeDevices(node: string): Promise<readonly NodeDevice[]> {
  return body(client.GET("/api/v1/nodes/{node}/devices", { params: { path: { node } } }));
}

/** Which quantities there are, of a point or of a node itself. */
export function seriesOf(of: { kind: "point" | "node"; id: string }): Promise<readonly Series[]> {
  const query = of.kind === "point" ? { point: of.id } : { node: of.id };
  return body(client.GET("/api/v1/telemetry/series", { params: { query } }));
}

/** One of them since then, down-sampled as suits. */
export function chart(one: Series, since: Date): Promise<Chart> {
  const { device, quantity, unit } = one;
  const query = { device, quantity, unit, from: since.toISOString(), ...(one.zone ? { zone: one.zone } : {}) };
  return body(client.GET("/api/v1/telemetry", { params: { query } }));
}

/** What a node was asked for on an incident's page, newest first. */
export async function commandsOf(node: string, incidentId: string): Promise<readonly Command[]> {
  const params = { path: { node }, query: { incident: incidentId, limit: 10 } };
  return (await body(client.GET("/api/v1/nodes/{node}/commands", { params }))).items;
}

/** Ask a node for something; the same key again is the same command. */
export function askNode(node: string, request: CommandRequest, key: string): Promise<Command> {
  const params = { path: { node }, header: { "idempotency-key": key } };
  return body(client.POST("/api/v1/nodes/{node}/commands", { params, body: request }));
}
