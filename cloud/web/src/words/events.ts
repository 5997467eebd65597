import type { Action, IncidentEvent } from "../api/types";
import { organisationNamed } from "../state/organisations";
import { personNamed } from "../state/people";
import { nodes } from "../state/places";
import { named, words } from ".";
import { formatWhen } from "./format";
import { sentence } from "./sentences";

/** Who did it, as people say it. */
export function actorName(event: IncidentEvent): string {
  const { kind, name } = event.actor;
  if (kind === "system") return words.value.timeline.system;
  if (kind === "user") return personNamed(name);
  const node = nodes.value.find((one) => one.id === name);
  return node ? named(node.name) : name;
}

/** What happened: an action's word, or one of the happenings that no button is for. */
export function eventName(event: IncidentEvent): string {
  const { actions, timeline } = words.value;
  if (event.action in actions) return actions[event.action as Action];
  const known: Readonly<Record<string, string | undefined>> = timeline.happenings;
  return known[event.action] ?? event.action;
}

/** Why, in the reader's language where a machine gave the reason. */
export function eventReason(event: IncidentEvent): string | null {
  // A stage's reason is its name in one language; what is told of its detail says it in both.
  if (!event.reason || typeof event.detail["playbook"] === "string" && event.action === "dispatch") return null;
  return event.actor.kind === "user" ? event.reason : sentence(event.reason, words.value.locale);
}

/** What else the line says, part by part: whom, how, how late, in which words. */
export function eventDetails(event: IncidentEvent, now: number): string[] {
  const { timeline, locale } = words.value;
  const { detail } = event;
  const parts: string[] = [];
  const text = (key: string): string | null => (typeof detail[key] === "string" ? detail[key] : null);
  const say = (part: string | null | undefined): unknown => part && parts.push(part);
  const when = (key: string): string | null => text(key) && formatWhen(text(key) ?? "", locale, now);
  const step = text("playbook")?.replace(/^stage\//, "");
  const steps: Readonly<Record<string, string | undefined>> = timeline.steps;
  const levels: Readonly<Record<string, string | undefined>> = timeline.level;
  if (event.action !== "verify" && event.action !== "self_corrected") say(step && (steps[step] ?? step));
  say(text("organisation") && organisationNamed(text("organisation") ?? ""));
  say(text("handler") && personNamed(text("handler") ?? ""));
  say(text("level") && timeline.to(levels[text("level") ?? ""] ?? ""));
  if (Array.isArray(detail["told"]) && detail["told"].length > 0) {
    say(timeline.told(detail["told"].map((one) => organisationNamed(String(one))).join(", ")));
  }
  say(when("check_in_due") && timeline.checkInBy(when("check_in_due") ?? ""));
  say(when("report_due") && timeline.reportBy(when("report_due") ?? ""));
  if (detail["late"] === true) say(timeline.late);
  if (typeof detail["score"] === "number") say(timeline.stars(detail["score"]));
  if (typeof detail["stars"] === "number") say(timeline.stars(detail["stars"]));
  if (typeof detail["hours"] === "number") say(timeline.hours(detail["hours"]));
  if (Array.isArray(detail["photos"]) && detail["photos"].length > 0) say(timeline.photos(detail["photos"].length));
  say(text("report"));
  say(text("why") && sentence(text("why") ?? "", locale));
  say(text("words"));
  return parts;
}
