import { effect, signal } from "@preact/signals";
import { incident as fetchIncident, incidentEvents, Refused, transition } from "../api/calls";
import type { Action, Incident, IncidentEvent } from "../api/types";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { actorName, eventName } from "../words/events";
import { now } from "./clock";
import { selectedId, take } from "./incidents";
import { endSession } from "./session";

/** These are asked for with a reason, which the record keeps. */
export const NEEDS_REASON: ReadonlySet<Action> = new Set([
  "false_alarm", "reject", "return", "void", "suspend", "check_failed", "reopen", "ask_return", "ask_suspend", "ask_void",
]);

/** The action on its way to the cloud, by incident: one at a time for each, none waits for another's. */
export const inFlight = signal<ReadonlyMap<string, Action>>(new Map());
/** The action whose reason is being asked for. */
export const asking = signal<Action | null>(null);
/** What became of the last action, by incident. */
export const outcomes = signal<ReadonlyMap<string, Outcome>>(new Map());

interface Outcome {
  good: boolean;
  text: string;
}

// A question about one incident must never be answered for another.
effect(() => {
  void selectedId.value;
  asking.value = null;
});

/** Begin an action: at once, or by asking its reason first. */
export function begin(incident: Incident, action: Action): void {
  if (inFlight.value.has(incident.id)) return;
  if (!incident.allowed_actions.includes(action)) {
    say(incident, false, words.value.act.notPossible(words.value.actions[action]));
    return;
  }
  outcomes.value = without(outcomes.value, incident.id);
  if (NEEDS_REASON.has(action)) asking.value = action;
  else void send(incident, action, "");
}

export async function send(incident: Incident, action: Action, reason: string): Promise<void> {
  inFlight.value = new Map(inFlight.value).set(incident.id, action);
  try {
    take(await transition(incident.id, incident.version, action, reason));
    stopAsking(incident);
    say(incident, true, words.value.act.done(words.value.actions[action]));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await explain(incident, error);
  } finally {
    inFlight.value = without(inFlight.value, incident.id);
  }
}

function say(incident: Incident, good: boolean, text: string): void {
  outcomes.value = new Map(outcomes.value).set(incident.id, { good, text });
}

/** The answer to one incident's question leaves the question about another standing. */
function stopAsking(incident: Incident): void {
  if (selectedId.value === incident.id) asking.value = null;
}

function without<T>(all: ReadonlyMap<string, T>, key: string): ReadonlyMap<string, T> {
  const rest = new Map(all);
  rest.delete(key);
  return rest;
}

/** Put a refusal in words; when the incident had moved on, load what it is now. */
async function explain(incident: Incident, refused: Refused): Promise<void> {
  const { act, states } = words.value;
  if (refused.status === 401) {
    endSession();
    return;
  }
  if (refused.status !== 412 && refused.status !== 409) {
    say(incident, false, refused.status === 403 ? act.forbidden : act.failed);
    return;
  }
  stopAsking(incident);
  let events: readonly IncidentEvent[] = [];
  let newest = incident;
  try {
    [newest, events] = await Promise.all([fetchIncident(incident.id), incidentEvents(incident.id)]);
    take(newest);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
  const last = events.at(-1);
  if (refused.status === 409) say(incident, false, act.notAllowed(states[newest.state]));
  else if (!last) say(incident, false, act.changedUnknown);
  else {
    const when = formatWhen(last.at, words.value.locale, now.value);
    say(incident, false, act.changed(actorName(last), last.to_state ? states[last.to_state] : eventName(last), when));
  }
}
