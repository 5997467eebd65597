/** The registry as the office's filters want it. */
import { body, client } from "./calls";
import type { EventClass, Names } from "./types";

export interface AreaName {
  id: string;
  level: "grid" | "community" | "street";
  parent: string | null;
  name: Names;
}

export async function areaNames(): Promise<readonly AreaName[]> {
  const found = await body(client.GET("/api/v1/areas"));
  return found.features.map(({ properties: { id, level, parent, name } }) => ({ id, level, parent: parent ?? null, name }));
}

export function eventClasses(): Promise<readonly EventClass[]> {
  return body(client.GET("/api/v1/event-classes"));
}
