/** Inspections by plan, and projects that end for good what comes again and again. */
import type { Readable } from "openapi-typescript-helpers";
import { body, client } from "./calls";
import { randomId } from "./ids";
import type { components } from "./schema";

type Schemas = Readable<components["schemas"]>;
export type Inspection = Schemas["Inspection"];
export type Project = Schemas["Project"];
export type ProjectTask = Schemas["ProjectTask"];
export type Step = ProjectTask["allowed_steps"][number];

export async function inspections(state: Inspection["state"]): Promise<{ items: readonly Inspection[]; missed: number }> {
  return body(client.GET("/api/v1/inspections", { params: { query: { state, limit: 200 } } }));
}

export async function projects(state: "open" | "closed"): Promise<readonly Project[]> {
  return (await body(client.GET("/api/v1/projects", { params: { query: { state, limit: 100 } } }))).items;
}

/** Claim a task, hand it back or say that it is done; refused with 412 when somebody was first. */
export function stepTask(task: ProjectTask, step: Step, words: string): Promise<Project> {
  const header = { "if-match": `"v${task.version}"`, "Idempotency-Key": randomId() };
  const params = { path: { task_id: task.id }, header };
  return body(client.POST("/api/v1/project-tasks/{task_id}/steps", { params, body: { step, photos: [], ...(words ? { words } : {}) } }));
}
