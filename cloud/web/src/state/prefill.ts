import { Refused } from "../api/calls";
import {
  departments as fetchDepartments, type OnDuty, type Organisation, responsibility, type Responsibility,
} from "../api/desk";
import type { Incident } from "../api/types";
import { judgedClass } from "./classes";
import { whoIsOn } from "./duty";

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
  const key = ruleOf(incident);
  const had = kept.get(key);
  if (had && performance.now() - had.at < KEPT_MS) return had.found;
  const found = load(classOf(incident), incident.area.grid?.id);
  kept.set(key, { at: performance.now(), found });
  return found;
}

/** What it is: its class, or what a person said it really was. */
export function classOf(incident: Incident): string {
  return judgedClass(incident) ?? incident.event_class.code;
}

/** What the rules go by: cases that are alike in it go to the same people. */
export function ruleOf(incident: Incident): string {
  return `${classOf(incident)} ${incident.area.grid?.id}`;
}

/** To whom a case goes when nobody says otherwise: whoever is on duty in its grid, and who leads in its class. */
export function byRule({ duty, matrix }: Prefill): { handler: string | null; organisation: string | null } {
  return { handler: duty?.primary ?? duty?.backup ?? duty?.grid_leader ?? null, organisation: matrix?.lead ?? null };
}

async function load(eventClass: string, grid: string | undefined): Promise<Prefill> {
  const [duty, matrix, organisations] = await Promise.all([
    orNull(whoIsOn(grid)),
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
