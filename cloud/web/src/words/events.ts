import type { Action, IncidentEvent } from "../api/types";
import { named, words } from ".";

/** Who did it, as people say it. */
export function actorName(event: IncidentEvent): string {
  const { kind, name } = event.actor;
  const shown = typeof name === "string" ? name : named(name);
  return shown || (kind === "system" ? words.value.timeline.system : kind);
}

/** What happened: an action's word, or one of the happenings no person asked for. */
export function eventName(event: IncidentEvent): string {
  const { actions, timeline } = words.value;
  if (event.action in actions) return actions[event.action as Action];
  const happenings: Record<string, string> = {
    open: timeline.opened,
    opened: timeline.opened,
    join: timeline.joined,
    joined: timeline.joined,
    seen_gone: timeline.seenGone,
    seen_again: timeline.seenAgain,
    reopen: timeline.reopened,
    reopened: timeline.reopened,
    evidence: timeline.evidence,
  };
  return happenings[event.action] ?? event.action;
}
