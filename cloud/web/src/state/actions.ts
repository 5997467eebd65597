import { effect, signal } from "@preact/signals";
import { incident as fetchIncident, incidentEvents, Refused } from "../api/calls";
import { type Step, step } from "../api/desk";
import type { Action, Incident, IncidentEvent } from "../api/types";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { actorName, eventName } from "../words/events";
import { text as desk } from "../wall/words";
import { now } from "./clock";
import { selectedId, take } from "./incidents";
import { know } from "./people";
import { endSession } from "./session";

/** These are asked for with a reason, which the record keeps. */
export const NEEDS_REASON: ReadonlySet<Action> = new Set([
  "false_alarm", "reject", "return", "void", "suspend", "check_failed", "reopen", "ask_return", "ask_suspend", "ask_void",
]);

/** What is on its way to the cloud, by incident: one at a time for each, none waits for another's. */
export const inFlight = signal<ReadonlyMap<string, string>>(new Map());
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

/** Whether nothing is on its way and the cloud lets it be done; else it is said. */
export function mayBegin(incident: Incident, action: Action): boolean {
  if (inFlight.value.has(incident.id)) return false;
  if (incident.allowed_actions.includes(action)) return true;
  say(incident, false, words.value.act.notPossible(words.value.actions[action]));
  return false;
}

/** Ask for a step of the version that is on screen; the incident as it is then, or null: it was refused, and said. */
export async function send(incident: Incident, request: Step & { action: Action }): Promise<Incident | null> {
  return attempt(incident, request.action, async () => {
    const stepped = await step(incident.id, incident.version, request);
    take(stepped);
    stopAsking(incident);
    say(incident, true, words.value.act.done(words.value.actions[request.action]));
    return stepped;
  });
}

/** Do something for an incident; a refusal is put in words, and nothing is tried again. */
export async function attempt<T>(incident: Incident, what: string, work: () => Promise<T>): Promise<T | null> {
  inFlight.value = new Map(inFlight.value).set(incident.id, what);
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await explain(incident, error);
    return null;
  } finally {
    inFlight.value = without(inFlight.value, incident.id);
  }
}

export function say(incident: Incident, good: boolean, text: string): void {
  outcomes.value = new Map(outcomes.value).set(incident.id, { good, text });
}

/** What was said of an incident is over: something new begins. */
export function unsay(incident: Incident): void {
  outcomes.value = without(outcomes.value, incident.id);
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
    say(incident, false, inWords(refused));
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
  else if (!last || newest.version === incident.version) say(incident, false, act.changedUnknown);
  else {
    if (last.actor.kind === "user") await know(last.actor.name);
    const when = formatWhen(last.at, words.value.locale, now.value);
    say(incident, false, act.changed(actorName(last), last.to_state ? states[last.to_state] : eventName(last), when));
  }
}

/** What a refusal means, for whoever asked. */
export function inWords(refused: Refused): string {
  const text = desk.value.refused;
  if (refused.status === 403) return text.forbidden;
  if (refused.status === 409) return text.notAllowed;
  if (refused.status === 412) return text.changed;
  if (refused.status === 422) return text.invalid(refused.faults.map((one) => one.detail).join("; ") || refused.detail);
  return refused.status === 429 ? text.tooMany : text.failed;
}
