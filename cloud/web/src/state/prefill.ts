import { Refused } from "../api/calls";
import {
  departments as fetchDepartments, type OnDuty, onDuty, type Organisation, responsibility, type Responsibility,
} from "../api/desk";
import type { Incident } from "../api/types";

/** What rules say of whom a case goes to. */
export interface Prefill {
  duty: OnDuty | null;
  matrix: Responsibility | null;
  organisations: readonly Organisation[];
}

const KEPT_MS = 60_000;
const kept = new Map<string, { at: number; found: Promise<Prefill> }>();

/** Of a case's class (or what it was judged to be) in its grid; asked for anew after a minute. */
export function prefillOf(incident: Incident): Promise<Prefill> {
  const eventClass = classOf(incident);
  const grid = incident.area.grid?.id;
  const key = `${eventClass} ${grid}`;
  const had = kept.get(key);
  if (had && performance.now() - had.at < KEPT_MS) return had.found;
  const found = load(eventClass, grid);
  kept.set(key, { at: performance.now(), found });
  return found;
}

/** What it is: its class, or what a person said it really was. */
export function classOf(incident: Incident): string {
  const judged = incident.alarms.map((one) => one.verdict_class).filter((one) => one !== null);
  return judged.at(-1) ?? incident.event_class.code;
}

async function load(eventClass: string, grid: string | undefined): Promise<Prefill> {
  const [duty, matrix, organisations] = await Promise.all([
    orNull(onDuty(grid)),
    grid ? orNull(responsibility(eventClass, grid)) : null,
    orNull(fetchDepartments()),
  ]);
  return { duty, matrix, organisations: organisations ?? [] };
}

/** A rule that cannot be asked for leaves its field empty: somebody fills it in. */
async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return null;
  }
}
