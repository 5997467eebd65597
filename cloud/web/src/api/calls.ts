import type {
  Action, AreaFeature, Collection, Incident, IncidentEvent, NodeState, PointFeature, Session,
} from "./types";

const BASE = "/api/v1";

/** The cloud's refusal (RFC 9457), or `code: "network"` with status 0 where nobody answered. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

let csrf = "";

async function call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  const sent: Record<string, string> = { Accept: "application/json", ...headers };
  if (body !== undefined) sent["Content-Type"] = "application/json";
  if (method !== "GET" && csrf) sent["X-CSRF-Token"] = csrf;
  let response: Response;
  try {
    response = await fetch(BASE + path, {
      method, headers: sent, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    throw new Refused(0, "network", String(error));
  }
  const text = await response.text();
  if (!response.ok) {
    const problem = text.startsWith("{") ? (JSON.parse(text) as { code?: string; detail?: string }) : {};
    throw new Refused(response.status, problem.code ?? "unknown", problem.detail ?? response.statusText);
  }
  return (text ? JSON.parse(text) : undefined) as T;
}

export async function currentSession(): Promise<Session> {
  const session = await call<Session>("GET", "/session");
  csrf = session.csrf;
  return session;
}

export async function signIn(username: string, password: string): Promise<Session> {
  const session = await call<Session>("POST", "/session", { username, password });
  csrf = session.csrf;
  return session;
}

export async function signOut(): Promise<void> {
  await call<undefined>("DELETE", "/session");
  csrf = "";
}

/** All open incidents, page by page. */
export async function openIncidents(): Promise<Incident[]> {
  const all: Incident[] = [];
  let cursor = "";
  do {
    const page = await call<{ items: Incident[]; next: string | null }>(
      "GET", `/incidents?state=open&limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`,
    );
    all.push(...page.items);
    cursor = page.next ?? "";
  } while (cursor);
  return all;
}

/** The incidents finished last. */
export async function finishedIncidents(): Promise<Incident[]> {
  return (await call<{ items: Incident[] }>("GET", "/incidents?state=closed&limit=50")).items;
}

export function incident(id: string): Promise<Incident> {
  return call("GET", `/incidents/${id}`);
}

export async function incidentEvents(id: string): Promise<IncidentEvent[]> {
  return (await call<{ items: IncidentEvent[] }>("GET", `/incidents/${id}/events`)).items;
}

/** Ask for a transition of the version that was on screen; refused with 412 when it is not the newest. */
export function transition(id: string, version: number, action: Action, reason: string): Promise<Incident> {
  return call("POST", `/incidents/${id}/transitions`, reason ? { action, reason } : { action }, {
    "If-Match": `"v${version}"`,
  });
}

export function areas(): Promise<Collection<AreaFeature>> {
  return call("GET", "/areas");
}

export function points(): Promise<Collection<PointFeature>> {
  return call("GET", "/points");
}

export function nodes(): Promise<NodeState[]> {
  return call("GET", "/nodes");
}

export const STREAM_URL = `${BASE}/stream`;
