import { computed, signal } from "@preact/signals";
import { Refused } from "../api/calls";
import { type Figures, figures, type OnDuty, onDuty, type Seat, seats as fetchSeats } from "../api/desk";
import { now } from "./clock";
import { learn } from "./people";
import { hasRole, session } from "./session";

/** ISA-18.2: one operator can look at so many in ten minutes; more are a flood. */
export const LIMIT_PER_OPERATOR = 10;
const WINDOW_MS = 600_000;
const EVERY_MS = 20_000;

export const lately = signal<Figures | null>(null);
export const duty = signal<OnDuty | null>(null);
/** Of the patrol room; null: not loaded, or nobody has one. */
export const seats = signal<readonly Seat[] | null>(null);
export const mySeat = computed(() => seats.value?.find((one) => one.username === session.value?.user.username) ?? null);

/** Keep these current until the returned function is called; what a role may not see stays empty. */
export function keepDuty(): () => void {
  let stopped = false;
  let timer = 0;
  async function turn(): Promise<void> {
    const room = hasRole("operator", "leader");
    const street = room || hasRole("street", "auditor");
    await Promise.all([
      street && into(lately, () => figures(new Date(now.peek() - WINDOW_MS))),
      room && into(duty, () => whoIsOn()),
      room && into(seats, fetchSeats),
    ]);
    if (!stopped) timer = window.setTimeout(() => void turn(), EVERY_MS);
  }
  void turn();
  return () => {
    stopped = true;
    clearTimeout(timer);
    lately.value = duty.value = seats.value = null;
  };
}

/** Who is on duty, in a grid or in the patrol room; their names are known from then on. */
export async function whoIsOn(grid?: string): Promise<OnDuty> {
  const found = await onDuty(grid);
  learn(found.names);
  return found;
}

export async function loadSeats(): Promise<void> {
  await into(seats, fetchSeats);
}

async function into<T>(place: { value: T | null }, fetch: () => Promise<T>): Promise<void> {
  try {
    place.value = await fetch();
  } catch (error) {
    // No rosters, or the cloud is away, which the bar says: the foot line goes without.
    if (!(error instanceof Refused)) throw error;
  }
}
