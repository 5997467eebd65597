import { signal } from "@preact/signals";
import * as api from "../api/duty";
import { Refused } from "../api/calls";
import * as desk from "../api/desk";
import { endSession, session } from "../state/session";
import { text } from "./words";

export const seats = signal<readonly desk.Seat[] | null>(null);
export const past = signal<readonly api.Head[]>([]);
/** The seat whose sheet is shown, and what stands. */
export const current = signal<{ seat: string; lists: api.Lists } | null>(null);
/** A hand-over that was offered, with its lists as they were then. */
export const opened = signal<api.Handover | null>(null);
export const failed = signal(false);
export const busy = signal(false);
export const outcome = signal<{ good: boolean; text: string } | null>(null);

/** The seat of whoever is logged in. */
export function mySeat(): string | null {
  const me = session.value?.user.username;
  return seats.value?.find((one) => one.username === me)?.seat ?? null;
}

/** Seats, past hand-overs, and the sheet of the seat asked for, of one's own, or of the first. */
export async function load(wanted?: string): Promise<void> {
  await reading(async () => {
    const [all, heads] = await Promise.all([desk.seats(), api.handovers()]);
    seats.value = all;
    past.value = heads;
    const seat = wanted ?? current.value?.seat ?? mySeat() ?? all[0]?.seat;
    if (seat) current.value = { seat, lists: await api.sheetOf(seat) };
  });
}

export async function openPast(id: string): Promise<void> {
  opened.value = opened.value?.id === id ? opened.value : null;
  await reading(async () => {
    opened.value = await desk.handover(id);
  });
}

/** The first signature; the sheet that was signed. */
export async function give(seat: string, notes: string): Promise<api.Handover | null> {
  return doing(text.value.signedOffer, () => api.offer(seat, notes));
}

/** The second one. */
export async function take(id: string): Promise<void> {
  const signed = await doing(text.value.signedTake, () => desk.signHandover(id));
  if (signed) opened.value = signed;
}

async function doing<T>(done: string, what: () => Promise<T>): Promise<T | null> {
  if (busy.value) return null;
  busy.value = true;
  outcome.value = null;
  try {
    const answer = await what();
    outcome.value = { good: true, text: done };
    return answer;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401) endSession();
    else outcome.value = { good: false, text: told(error) };
    return null;
  } finally {
    busy.value = false;
    await load();
  }
}

function told(refused: Refused): string {
  const say = text.value;
  if (refused.status === 0) return say.offline;
  if (refused.status === 409) return say.seatTaken;
  return refused.status === 403 ? say.forbidden : say.refused(refused.detail);
}

async function reading(what: () => Promise<void>): Promise<void> {
  try {
    await what();
    failed.value = false;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401) endSession();
    else failed.value = true;
  }
}
