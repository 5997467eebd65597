/** Which fields a step is asked with, and what they amount to. Pure. */
import type { Choice } from "../api/case";
import type { Step } from "../api/desk";
import type { Incident } from "../api/types";

export const NAMES = [
  "to", "handler", "organisation", "into", "wish", "hours", "form", "stars", "without_feedback", "photos", "reason",
] as const;
export type FieldName = (typeof NAMES)[number];

export interface Field {
  name: FieldName;
  needed: boolean;
}

/** What is asked for a step, in the order in which people think of it; nothing: it is done at once. */
export function fieldsOf(choice: Choice): Field[] {
  const needed = new Set<string>([...choice.needs, ...(choice.reason ? ["reason"] : [])]);
  // Where everybody was told there is nothing to excuse; one target is no choice.
  const offered = choice.takes.filter((name) => name !== "without_feedback" && !(name === "to" && choice.targets.length < 2));
  const asked = new Set([...needed, ...offered]);
  return NAMES.filter((name) => asked.has(name)).map((name) => ({ name, needed: needed.has(name) }));
}

export interface Given {
  values: ReadonlyMap<string, string>;
  photos: readonly string[];
  /** Ids of cases by their number. */
  cases: ReadonlyMap<string, string>;
}

export type Fault = { field: FieldName; what: "missing" | "noCase" | "notHours" };

/** The request, or what is wrong with what was given. */
export function request(action: string, fields: readonly Field[], given: Given): Step | Fault {
  const step: Record<string, unknown> = { action };
  for (const { name, needed } of fields) {
    const value = given.values.get(name)?.trim() ?? "";
    if (name === "photos") {
      if (given.photos.length > 0) step["photos"] = given.photos;
      else if (needed) return { field: name, what: "missing" };
    } else if (value === "") {
      if (needed) return { field: name, what: "missing" };
    } else if (name === "into") {
      const id = given.cases.get(value);
      if (!id) return { field: name, what: "noCase" };
      step["into"] = id;
    } else if (name === "hours") {
      const hours = Number(value);
      if (!(hours > 0)) return { field: name, what: "notHours" };
      step["hours"] = hours;
    } else step[name] = name === "stars" ? Number(value) : value;
  }
  return step as unknown as Step;
}

/** A step that leads on, against one that leads back, aside or out: what a button looks like. */
const FORWARD: ReadonlySet<string> = new Set([
  "accept", "file", "dispatch", "claim", "start", "resolve", "self_handle", "check", "confirm", "close", "rate", "resume",
  "extend", "answer",
]);
export const leadsOn = (action: string): boolean => FORWARD.has(action);

/** Steps that somebody could take but for one thing; the others are of another state or another role. */
export function blocked(choices: readonly Choice[]): { near: Choice[]; far: Choice[] } {
  const refused = choices.filter((one) => !one.allowed);
  const far = (one: Choice): boolean => /^(not while|it is for) /.test(one.why_not ?? "");
  return { near: refused.filter((one) => !far(one)), far: refused.filter(far) };
}

/** From which levels a role hands a case up. */
const HANDS_UP: Readonly<Record<string, readonly string[]>> = {
  grid_leader: ["grid"], community: ["grid", "community"], leader: ["grid", "community"], street: ["grid", "community"],
};

export function mayHandUp(incident: Incident, roles: readonly string[]): boolean {
  return roles.some((role) => HANDS_UP[role]?.includes(incident.level));
}
