import type { Action, IncidentEvent } from "../api/types";
import { nodes } from "../state/places";
import { named, words } from ".";

/** Who did it, as people say it. */
export function actorName(event: IncidentEvent): string {
  const { kind, name } = event.actor;
  if (kind === "system") return words.value.timeline.system;
  const node = kind === "node" ? nodes.value.find((one) => one.id === name) : undefined;
  return node ? named(node.name) : name;
}

/** What happened: an action's word, or one of the happenings no person asked for. */
export function eventName(event: IncidentEvent): string {
  const { actions, timeline } = words.value;
  if (event.action in actions) return actions[event.action as Action];
  const happenings: Record<string, string> = {
    open: timeline.opened,
    join: timeline.joined,
    verify: timeline.verified,
    seen_gone: timeline.seenGone,
    seen_again: timeline.seenAgain,
    reopen: timeline.reopened,
  };
  return happenings[event.action] ?? event.action;
}
