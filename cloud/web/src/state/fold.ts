import type { Incident } from "../api/types";
import { isInhibited, isWaiting } from "./order";

/** Points nearer than this are neighbours. */
const NEAR_METRES = 300;
/** Of one class at neighbours: what was opened within this is one happening. */
const TOGETHER_MS = 60_000;
const METRES_PER_DEGREE = 111_320;

/** Rows that are one to whoever looks: the most urgent leads, the others stand behind it. */
export interface Fold {
  lead: Incident;
  /** All of them, `lead` first. */
  all: readonly Incident[];
}

/**
 * Fold equal ones, in the order given. Equal are those of one class, severity and standing (waiting or at the same
 * step, known or not) at one point, or opened within one minute of each other at points within 300 m. Nothing that is
 * worse ever hides behind what is less bad.
 */
export function fold(incidents: readonly Incident[]): Fold[] {
  const groupOf = new Map<string, Incident[]>();
  const byKind = new Map<string, Incident[]>();
  for (const one of incidents) {
    const alike = byKind.get(kindOf(one));
    if (alike) alike.push(one);
    else byKind.set(kindOf(one), [one]);
  }
  for (const alike of byKind.values()) {
    const byTime = [...alike].sort((a, b) => Date.parse(a.opened_at) - Date.parse(b.opened_at));
    const atPoint = new Map<string, Incident[]>();
    let late: Incident[] = [];
    for (const one of byTime) {
      const at = Date.parse(one.opened_at);
      late = late.filter((other) => at - Date.parse(other.opened_at) <= TOGETHER_MS);
      const neighbour = late.find((other) => near(other, one));
      const group = atPoint.get(one.point.id) ?? (neighbour && groupOf.get(neighbour.id)) ?? [];
      group.push(one);
      groupOf.set(one.id, group);
      atPoint.set(one.point.id, group);
      late.push(one);
    }
  }
  const done = new Set<Incident[]>();
  const folds: Fold[] = [];
  for (const one of incidents) {
    const group = groupOf.get(one.id);
    if (!group || done.has(group)) continue;
    done.add(group);
    folds.push({ lead: one, all: [one, ...group.filter((other) => other !== one)] });
  }
  return folds;
}

function kindOf(one: Incident): string {
  const standing = isWaiting(one) ? "waiting" : one.state;
  return [one.event_class.code, one.severity, standing, isInhibited(one), one.history].join("|");
}

function near(a: Incident, b: Incident): boolean {
  const [one, other] = [a.point.position, b.point.position];
  if (!one || !other) return false;
  const north = (one.lat - other.lat) * METRES_PER_DEGREE;
  const east = (one.lon - other.lon) * METRES_PER_DEGREE * Math.cos((one.lat * Math.PI) / 180);
  return north * north + east * east <= NEAR_METRES * NEAR_METRES;
}
