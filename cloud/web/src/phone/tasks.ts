/** Which cases are tasks, in which order, and how they stand against their limits. Pure. */
import type { Clocks } from "../api/phone";
import type { Incident, IncidentEvent } from "../api/types";
import { metres } from "./geo";
import type { Position } from "./queue";
import type { KeptCase } from "./store";

export type Section = "mine" | "check" | "grid";
export const SECTIONS: readonly Section[] = ["mine", "check", "grid"];
export type Light = "green" | "yellow" | "red";

/** What it is to this person: to be done, to be checked, or only near. */
export function sectionOf(incident: Incident, me: string): Section {
  const { state, handler } = incident;
  if (state === "dispatched" || state === "in_progress") {
    return handler === me || (handler === null && incident.allowed_actions.includes("claim")) ? "mine" : "grid";
  }
  const checks = incident.allowed_actions.some((one) => one === "check" || one === "confirm");
  return (state === "resolved" || state === "checking") && handler !== me && checks ? "check" : "grid";
}

export interface Due {
  at: string | null;
  light: Light;
}

const RANK: Record<Light, number> = { red: 0, yellow: 1, green: 2 };

/** The first limit that runs out, and the worst light of those that run; null: nothing is limited. */
export function dueOf(clocks: Clocks | null): Due | null {
  if (!clocks) return null;
  const running = clocks.steps.filter((step) => step.running);
  if (running.length === 0) return clocks.clearing ? { at: clocks.clearing.ends_at, light: "green" } : null;
  const times = running.flatMap((step) => (step.due_at ? [step.due_at] : [])).sort();
  const light = running.reduce<Light>((worst, step) => (RANK[step.light] < RANK[worst] ? step.light : worst), "green");
  return { at: times[0] ?? null, light };
}

const SEVERITY: Record<Incident["severity"], number> = { critical: 0, high: 1, medium: 2, low: 3 };

/** What is due first comes first; without a limit the worse, then the older. */
export function byDue(a: KeptCase, b: KeptCase): number {
  const end = (one: KeptCase): number => Date.parse(dueOf(one.clocks)?.at ?? "9999-12-31T00:00:00Z");
  return (
    end(a) - end(b) || SEVERITY[a.incident.severity] - SEVERITY[b.incident.severity] ||
    a.incident.opened_at.localeCompare(b.incident.opened_at)
  );
}

/** Metres to a case; null: one of the two is nowhere. */
export function distance(incident: Incident, from: Position | null): number | null {
  const at = incident.point.position;
  return from && at ? metres(from, at) : null;
}

/** Whether somebody who did not do it has found it done, since it was last to be looked at. */
export function isConfirmed(log: readonly IncidentEvent[]): boolean {
  const last = (is: (line: IncidentEvent) => boolean): number => log.filter(is).at(-1)?.id ?? 0;
  return last((line) => line.action === "confirm") > last((line) => line.to_state === "checking" && line.from_state !== "checking");
}

/** Hashes of the photos that show it done, of the last time somebody said so. */
export function afterPhotos(log: readonly IncidentEvent[]): string[] {
  const done = log.filter((line) => line.action === "resolve" || line.action === "self_handle").at(-1);
  const photos = done?.detail["photos"];
  return Array.isArray(photos) ? photos.filter((one) => typeof one === "string") : [];
}

/** What calls this person: a task of their own name that they did not say they have. */
export function callOf(one: KeptCase, me: string): string | null {
  const { incident, log } = one;
  if (incident.state !== "dispatched" || incident.handler !== me) return null;
  const given = log.filter((line) => line.action === "dispatch" || line.action === "assign").at(-1);
  if (!given || given.actor.name === me) return null;
  const had = log.some((line) => line.id > given.id && line.actor.name === me);
  return had ? null : `${incident.id}/${given.id}`;
}

/** Open cases of the same group of classes within so many metres: what can be told without network. */
export function like(all: Iterable<KeptCase>, eventClass: string, at: Position, within = 60): KeptCase[] {
  const group = eventClass.split("-").slice(0, 2).join("-");
  const far = (one: KeptCase): number => distance(one.incident, at) ?? Infinity;
  return [...all]
    .filter((one) => one.incident.event_class.code.startsWith(group) && far(one) <= within)
    .sort((a, b) => far(a) - far(b));
}
