import { signal } from "@preact/signals";
import { Refused } from "../api/calls";
import { type Clocks, clocks } from "../api/desk";
import type { Incident } from "../api/types";
import { replayed } from "./incidents";
import { hasRole } from "./session";

export type Light = Clocks["steps"][number]["light"];
const AT_ONCE = 50;
const OLD_MS = 20_000;

/** The clock that presses most, of each case asked for; null: it has none that runs. */
export interface Pressing {
  light: Light;
  due_at: string | null;
  step: Clocks["steps"][number]["step"];
}

interface Known {
  of: number;
  at: number;
  pressing: Pressing | null;
}

const known = signal<ReadonlyMap<string, Known>>(new Map());
let asking = false;

export function pressing(incident: Incident): Pressing | null {
  return replayed.value ? null : (known.value.get(incident.id)?.pressing ?? null);
}

/** Fetch the clocks of what is on screen, unless they are known for this version and not old. */
export async function askLights(shown: readonly Incident[]): Promise<void> {
  if (asking || replayed.value || hasRole("administrator")) return;
  const before = performance.now();
  const wanted = shown.filter((one) => {
    const had = known.peek().get(one.id);
    return !had || had.of !== one.version || before - had.at > OLD_MS;
  });
  if (wanted.length === 0) return;
  asking = true;
  try {
    const asked = wanted.slice(0, AT_ONCE);
    const found = new Map((await clocks(asked.map((one) => one.id))).map((one) => [one.incident_id, one]));
    const next = new Map(known.value);
    for (const one of asked) {
      next.set(one.id, { of: one.version, at: before, pressing: worstOf(found.get(one.id)) });
    }
    known.value = next;
  } catch (error) {
    // Lights are an extra on this screen: without them the list is as it was.
    if (!(error instanceof Refused)) throw error;
  } finally {
    asking = false;
  }
}

const WORST: readonly Light[] = ["red", "yellow", "green"];

/** The worst light that runs; of equal ones what is due first. */
export function worstOf(clocks: Clocks | undefined): Pressing | null {
  const running = (clocks?.steps ?? []).filter((step) => step.running);
  running.sort(
    (a, b) => WORST.indexOf(a.light) - WORST.indexOf(b.light) || (a.due_at ?? "9").localeCompare(b.due_at ?? "9"),
  );
  const [first] = running;
  return first ? { light: first.light, due_at: first.due_at, step: first.step } : null;
}
