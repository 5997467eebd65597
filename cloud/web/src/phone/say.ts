/** What things are called on this page. */
import type { IncidentEvent } from "../api/types";
import { why } from "../case/why";
import { classNamed, language, named, withoutRemark, words } from "../words";
import { stepNamed } from "../case/names";
import { formatAge, formatNumber, formatWhen } from "../words/format";
import type { Item } from "./queue";
import type { KeptCase } from "./store";
import type { Due } from "./tasks";
import { text } from "./words";

/** An action's word on the phone; else the wall's. */
export function actNamed(action: string): string {
  const known: Readonly<Record<string, string | undefined>> = text.value.acts;
  return known[action] ?? stepNamed(action);
}

export function itemNamed(item: Item): string {
  const { queue } = text.value;
  const { act } = item;
  if (act.kind === "step") return actNamed(act.action);
  if (act.kind === "note") return actNamed(act.note);
  return act.kind === "report" ? queue.report : queue.gridNote;
}

export function itemAbout(item: Item): string {
  return item.about[language.value];
}

/** What a case is about, for the queue, in both languages. */
export function aboutOf({ incident }: KeptCase): { zh: string; en: string } {
  const { event_class: kind, point } = incident;
  return { zh: `${withoutRemark(kind.name.zh)} · ${point.name.zh}`, en: `${withoutRemark(kind.name.en)} · ${point.name.en}` };
}

export function titleOf({ incident }: KeptCase): string {
  return classNamed(incident.event_class);
}

export function placeOf({ incident }: KeptCase): string {
  return named(incident.point.name);
}

export function dueNamed(due: Due | null, now: number): string {
  const { list } = text.value;
  if (!due?.at) return list.noLimit;
  const left = Date.parse(due.at) - now;
  const age = formatAge(Math.abs(left), words.value.locale);
  return left >= 0 ? list.due(age) : list.over(age);
}

export function far(metres: number): string {
  const { list } = text.value;
  if (metres < 1000) return list.metres(Math.round(metres / 10) * 10);
  return list.kilometres(formatNumber(Math.round(metres / 100) / 10, words.value.locale));
}

/** Why an item needs a person, in words. */
export function stopNamed(item: Item, now: number): string {
  const { queue } = text.value;
  const { stop } = item;
  if (!stop) return "";
  if (stop.why === "unsure") return queue.unsure;
  if (stop.why === "conflict") {
    if (stop.code === "not_allowed" && !stop.meanwhile) return queue.notAllowed(why(stop.detail));
    if (!stop.meanwhile) return queue.conflictUnknown;
    const { who, action, state, at } = stop.meanwhile;
    const states: Readonly<Record<string, string | undefined>> = words.value.states;
    return queue.conflict(who, logNamed(action), states[state] ?? state, formatWhen(at, words.value.locale, now));
  }
  if (stop.code === "not_found") return queue.gone;
  if (stop.code === "forbidden") return queue.forbidden;
  return queue.refused(why(stop.detail) || stop.code);
}

/** What a line of the log says happened. */
export function logNamed(action: string): string {
  const known: Readonly<Record<string, string | undefined>> = { ...words.value.timeline.happenings, ...words.value.actions };
  return known[action] ?? actNamed(action);
}

export function lineNamed(line: IncidentEvent): string {
  return logNamed(line.action);
}

