import { signal } from "@preact/signals";
import { Refused } from "../api/calls";
import { leaveSeat, type Seat, signHandover, takeSeat } from "../api/desk";
import { text } from "../seat/words";
import { unlock } from "../sound/speaker";
import { inWords } from "./actions";
import { loadSeats } from "./duty";

/** How whoever is signed in sits at this wall: has not said, answers for it, or only looks. */
export const sitting = signal<"unsaid" | "seated" | "watching">("unsaid");
/** Whether the screen is kept awake; null: not tried. */
export const awake = signal<boolean | null>(null);
/** Why the last request about a seat did not work. */
export const seatTrouble = signal("");

let lock: WakeLockSentinel | null = null;

/** Sit down, or on: the click or key that leads here is the one by which the browser lets the page sound. */
export async function sitDown(seat: Seat): Promise<void> {
  const unlocking = unlock();
  const done = seat.offered && seat.username ? await attempt(() => signHandover(seat.offered ?? "")) : await attempt(() => takeSeat(seat.seat));
  await unlocking;
  if (!done) return;
  await stayAwake();
  sitting.value = "seated";
}

export async function leave(seat: Seat, reason: string): Promise<boolean> {
  return attempt(() => leaveSeat(seat.seat, reason));
}

/** Nobody sits any more at this wall. */
export function standUp(): void {
  sitting.value = "unsaid";
  seatTrouble.value = "";
  void lock?.release();
  lock = null;
}

async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  seatTrouble.value = "";
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    seatTrouble.value = error.code === "seat_taken" ? text.value.takenMeanwhile : inWords(error);
    return false;
  } finally {
    await loadSeats();
  }
}

/** Ask for a screen that does not sleep: only secure contexts may, and a hidden page loses it. */
async function stayAwake(): Promise<void> {
  if (!("wakeLock" in navigator)) {
    awake.value = false;
    return;
  }
  try {
    lock = await navigator.wakeLock.request("screen");
    awake.value = true;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    awake.value = false;
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && sitting.value === "seated") void stayAwake();
});
