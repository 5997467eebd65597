import { body, client, Refused } from "./calls";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type CameraSite = Schemas["CameraSite"];
export type CameraBrief = Schemas["CameraBrief"];
export type CameraEdit = Schemas["CameraEdit"];
export type Proposal = Schemas["Proposal"];
export type Difference = Schemas["Difference"];
export type RuleForms = Schemas["RuleForms"];
export type SiteChange = Schemas["SiteChange"];
export type EventClassOut = Schemas["EventClassOut"];
export type Command = Schemas["CommandOut"];

/** A picture as it came, and when it was taken. */
export interface Still {
  blob: Blob;
  takenAt: string;
}

const tag = (version: number): { "If-Match": string } => ({ "If-Match": `"v${version}"` });

export function siteCameras(): Promise<readonly CameraBrief[]> {
  return body(client.GET("/api/v1/site/cameras"));
}

export function cameraSite(camera: string): Promise<CameraSite> {
  return body(client.GET("/api/v1/site/cameras/{camera}", { params: { path: { camera } } }));
}

/** Say what the edit would change (`dryRun`), or put it in force, by whoever saw that version. */
export function putCamera(camera: string, version: number, edit: CameraEdit, dryRun: boolean): Promise<Proposal> {
  const params = { path: { camera }, header: tag(version), query: { dry_run: dryRun } };
  return body(client.PUT("/api/v1/site/cameras/{camera}", { params, body: edit }));
}

export function ruleForms(): Promise<RuleForms> {
  return body(client.GET("/api/v1/site/rule-forms"));
}

export function eventClasses(): Promise<readonly EventClassOut[]> {
  return body(client.GET("/api/v1/event-classes"));
}

/** What zones are drawn upon: the newest picture, asked of the node. */
export async function sitePicture(camera: string): Promise<Still> {
  let takenAt = "";
  const asked = client.GET("/api/v1/site/cameras/{camera}/picture", { params: { path: { camera } }, parseAs: "blob" });
  const blob = await body(asked.then((answer) => {
    takenAt = answer.response.headers.get("Gridwatch-Taken-At") ?? "";
    return answer;
  }));
  if (!(blob instanceof Blob)) throw new Refused(0, "network");
  return { blob, takenAt };
}

export function tryZones(camera: string, zones: CameraEdit["zones"]): Promise<Command> {
  return body(client.POST("/api/v1/site/cameras/{camera}/tries", { params: { path: { camera } }, body: { zones } }));
}

export function tried(command: string): Promise<Command> {
  return body(client.GET("/api/v1/site/tries/{command}", { params: { path: { command } } }));
}

export function cancelTry(command: string): Promise<Command> {
  return body(client.DELETE("/api/v1/site/tries/{command}", { params: { path: { command } } }));
}

export function triedPicture(command: string, number: number): string {
  return `/api/v1/site/tries/${encodeURIComponent(command)}/pictures/${number}`;
}

export async function siteChanges(): Promise<readonly SiteChange[]> {
  return (await body(client.GET("/api/v1/site/changes", { params: { query: { limit: 50 } } }))).items;
}

/** What going back to a version would change. */
export function changesBackTo(version: number): Promise<Proposal> {
  return body(client.GET("/api/v1/site/changes/{version}", { params: { path: { version } } }));
}

export function goBackTo(version: number, seen: number): Promise<Proposal> {
  return body(client.POST("/api/v1/site/back", { params: { header: tag(seen) }, body: { version } }));
}

/** What was asked of a node last, for the word why a version could not be taken over. */
export async function lastCommands(node: string): Promise<readonly Command[]> {
  const params = { path: { node }, query: { limit: 20 } };
  return (await body(client.GET("/api/v1/nodes/{node}/commands", { params }))).items;
}
