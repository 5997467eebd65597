import type { Incident } from "../api/types";
import { isInhibited, isWaiting, momentOf } from "./order";

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
    const byTime = alike.map((one) => ({ one, at: momentOf(one) })).sort((a, b) => a.at - b.at);
    const atPoint = new Map<string, Incident[]>();
    let late = 0;
    byTime.forEach(({ one, at }, n) => {
      let group = atPoint.get(one.point.id);
      if (!group) {
        // Only the first at a point looks around: in a storm there are thousands, and points are few.
        while (at - (byTime[late]?.at ?? at) > TOGETHER_MS) late += 1;
        const neighbour = byTime.slice(late, n).find((other) => near(other.one, one));
        group = (neighbour && groupOf.get(neighbour.one.id)) ?? [];
        atPoint.set(one.point.id, group);
      }
      group.push(one);
      groupOf.set(one.id, group);
    });
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
