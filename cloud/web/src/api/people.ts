import { body, client } from "./calls";
import type { Names } from "./types";

/** What colleagues are called, of at most 100 user names; whoever is not there is left out. */
export async function colleagues(usernames: readonly string[]): Promise<Readonly<Record<string, Names>>> {
  const params = { query: { username: [...usernames] } };
  return (await body(client.GET("/api/v1/colleagues", { params }))).names;
}
