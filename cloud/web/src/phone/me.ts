/** Who uses this phone, also while nobody can be asked. */
import { computed, signal } from "@preact/signals";
import * as calls from "../api/calls";
import type { Session } from "../api/types";
import * as store from "./store";

export type User = Session["user"];

/** undefined: not known yet; null: somebody has to log in. */
export const me = signal<User | null | undefined>(undefined);
/** Whether the cloud answered lately. */
export const reached = signal(true);
/** The session is over, or was never asked for; what is on this device can still be read and done. */
export const loggedOut = signal(false);

export const canTrack = computed(() => has("grid_worker", "grid_leader"));

export function has(...roles: readonly User["roles"][number][]): boolean {
  return roles.some((role) => me.value?.roles.includes(role));
}

/** Whoever is logged in; without network whoever was, as they left it. */
export async function resume(): Promise<void> {
  const before = await store.named<User>("me");
  try {
    await take((await calls.currentSession()).user, before);
  } catch (error) {
    if (!(error instanceof calls.Refused)) throw error;
    reached.value = error.status !== 0 && error.status < 500;
    loggedOut.value = error.status === 401;
    me.value = error.status === 401 ? null : (before ?? null);
  }
}

export async function signIn(username: string, password: string): Promise<void> {
  await take((await calls.signIn(username, password)).user, await store.named<User>("me"));
}

/** What was seen goes from this device; what is not sent yet waits for the same person. */
export async function signOut(): Promise<void> {
  try {
    await calls.signOut();
  } catch (error) {
    if (!(error instanceof calls.Refused)) throw error;
  }
  await store.forgetAllSeen();
  me.value = null;
}

async function take(user: User, before: User | undefined): Promise<void> {
  if (before && before.username !== user.username) await store.forgetAllSeen();
  await store.setNamed("me", user);
  reached.value = true;
  loggedOut.value = false;
  me.value = user;
}
