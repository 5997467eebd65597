/** Accounts, tokens, nodes' credentials, policies, subscriptions, and the proof of the logs. */
import type { Readable } from "openapi-typescript-helpers";
import { body, client } from "./calls";
import type { components } from "./schema";

type Schemas = Readable<components["schemas"]>;
export type Person = Schemas["PersonOut"];
export type PersonNew = { username: string; name: Person["name"]; roles: Person["roles"]; areas: string[]; organisation: string | null };
export type PersonChange = Partial<Omit<PersonNew, "username">> & { locked?: boolean };
export type Token = Schemas["TokenOut"];
export type TokenNew = { name: string; username?: string; organisation?: string; roles: Person["roles"]; areas: string[]; days: number };
export type Credentials = Schemas["Credentials-Output"];
export type PolicyHead = Schemas["PolicyHead"];
export type PolicyInForce = Schemas["PolicyInForce"];
export type PolicyTaken = Schemas["PolicyTaken"];
export type Document = PolicyInForce["document"];
export type Subscription = Schemas["Subscription"];
export type Delivery = Schemas["Delivery"];
export type Proof = Schemas["ProofOut"];

const seen = (version: number): string => `"v${version}"`;

export async function people(): Promise<readonly Person[]> {
  return (await body(client.GET("/api/v1/people"))).items;
}

/** The answer has the person's first password, told this once. */
export function addPerson(given: PersonNew): Promise<{ person: Person; password: string }> {
  return body(client.POST("/api/v1/people", { body: given }));
}

export function changePerson(person: Person, change: PersonChange): Promise<Person> {
  const params = { path: { username: person.username }, header: { "If-Match": seen(person.version) } };
  return body(client.PATCH("/api/v1/people/{username}", { params, body: change }));
}

/** A new random password, told this once; all their sessions end. */
export function resetPassword(person: Person): Promise<{ person: Person; password: string }> {
  const params = { path: { username: person.username }, header: { "If-Match": seen(person.version) } };
  return body(client.POST("/api/v1/people/{username}/password", { params }));
}

export async function tokens(): Promise<readonly Token[]> {
  return (await body(client.GET("/api/v1/api-tokens"))).items;
}

/** The answer has the token itself, told this once. */
export function makeToken(given: TokenNew): Promise<{ token: string; about: Token }> {
  return body(client.POST("/api/v1/api-tokens", { body: given }));
}

export async function revokeToken(id: string): Promise<void> {
  await body(client.DELETE("/api/v1/api-tokens/{token_id}", { params: { path: { token_id: id } } }));
}

export function credentials(node: string): Promise<Credentials> {
  return body(client.GET("/api/v1/nodes/{node}/credentials", { params: { path: { node } } }));
}

/** A one-time code to type at the node, valid for an hour. */
export function enrolmentCode(node: string): Promise<{ code: string; expires_at: string }> {
  return body(client.POST("/api/v1/nodes/{node}/enrolment-code", { params: { path: { node } } }));
}

export async function revokeNode(node: string, reason: string): Promise<void> {
  await body(client.POST("/api/v1/nodes/{node}/revocation", { params: { path: { node } }, body: { reason } }));
}

export async function policies(): Promise<readonly PolicyHead[]> {
  return (await body(client.GET("/api/v1/policies"))).items;
}

export function policy(kind: string): Promise<PolicyInForce> {
  return body(client.GET("/api/v1/policies/{kind}", { params: { path: { kind } } }));
}

export async function policyVersions(kind: string): Promise<readonly PolicyHead[]> {
  return (await body(client.GET("/api/v1/policies/{kind}/versions", { params: { path: { kind }, query: { limit: 50 } } }))).items;
}

export async function policyVersion(kind: string, version: number): Promise<Document> {
  const params = { path: { kind, version } };
  return (await body(client.GET("/api/v1/policies/{kind}/versions/{version}", { params }))).document;
}

/** Put a document in force, or with `dry` only hear what is wrong or doubtful. */
export function putPolicy(kind: string, version: number, document: Document, dry: boolean): Promise<PolicyTaken> {
  const params = { path: { kind }, query: { dry_run: dry }, header: { "If-Match": seen(version) } };
  return body(client.PUT("/api/v1/policies/{kind}", { params, body: document }));
}

export async function subscriptions(): Promise<readonly Subscription[]> {
  return (await body(client.GET("/api/v1/subscriptions"))).items;
}

/** The answer has the secret that deliveries are signed with, told this once. */
export function subscribe(address: string, kinds: string[]): Promise<{ secret: string }> {
  return body(client.POST("/api/v1/subscriptions", { body: { address, kinds, areas: [] } }));
}

export async function unsubscribe(id: string): Promise<void> {
  await body(client.DELETE("/api/v1/subscriptions/{subscription_id}", { params: { path: { subscription_id: id } } }));
}

export async function enableSubscription(id: string): Promise<void> {
  await body(client.POST("/api/v1/subscriptions/{subscription_id}/enable", { params: { path: { subscription_id: id } } }));
}

export async function deliveries(id: string): Promise<readonly Delivery[]> {
  const params = { path: { subscription_id: id }, query: { limit: 20 } };
  return (await body(client.GET("/api/v1/subscriptions/{subscription_id}/deliveries", { params }))).items;
}

/** Every line of every log; some seconds for each 100,000 lines. */
export function verifyAudit(): Promise<Proof> {
  return body(client.GET("/api/v1/audit/verify"));
}
