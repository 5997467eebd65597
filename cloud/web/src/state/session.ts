import { signal } from "@preact/signals";
import * as calls from "../api/calls";
import type { Session } from "../api/types";

/** undefined: not asked yet; null: nobody is signed in. */
export const session = signal<Session | null | undefined>(undefined);
/** Why the sign-in form is shown again. */
export const sessionEnded = signal(false);

/** Whether whoever is signed in has one of these roles. */
export function hasRole(...roles: readonly Session["user"]["roles"][number][]): boolean {
  return roles.some((role) => session.value?.user.roles.includes(role));
}

/** Whether they may look at pictures: an auditor reads what was done, and sees nobody. */
export function seesPictures(): boolean {
  return hasRole("operator", "leader", "grid_worker", "grid_leader", "community", "department", "street");
}

export async function resume(): Promise<void> {
  try {
    session.value = await calls.currentSession();
  } catch (error) {
    if (!(error instanceof calls.Refused)) throw error;
    session.value = null;
  }
}

export async function signIn(username: string, password: string): Promise<void> {
  session.value = await calls.signIn(username, password);
  sessionEnded.value = false;
}

export async function signOut(): Promise<void> {
  try {
    await calls.signOut();
  } catch (error) {
    if (!(error instanceof calls.Refused)) throw error;
  }
  session.value = null;
}

/** The cloud no longer knows our session. */
export function endSession(): void {
  sessionEnded.value = session.value != null;
  session.value = null;
}
