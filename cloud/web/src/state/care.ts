import { effect, signal } from "@preact/signals";
import { askNode, commandsOf, Refused } from "../api/calls";
import { randomId } from "../api/ids";
import type { Command, CommandRequest, Incident } from "../api/types";
import { words } from "../words";
import { selected } from "./incidents";
import { points } from "./places";
import { endSession, hasRole } from "./session";

/** What nodes were asked for, by id: on the page of the incident chosen, and since this page was opened. */
const known = signal<ReadonlyMap<string, Command>>(new Map());
/** Why the last request did not go out. */
export const trouble = signal("");
/** A request is on its way to the cloud. */
export const asking = signal(false);

/** Whether whoever is signed in may ask devices for something. */
export function mayAsk(): boolean {
  return hasRole("operator", "leader", "administrator");
}

/** The node that watches an incident's point. */
export function nodeOf(incident: Incident): string | null {
  return points.value.find((one) => one.properties.id === incident.point.id)?.properties.node ?? null;
}

/** What was asked for on an incident's page, newest first. */
export function askedOn(incident: Incident): Command[] {
  return newestFirst([...known.value.values()].filter((one) => one.incident_id === incident.id));
}

/** What was asked of a node apart from any incident, newest first. */
export function askedOf(node: string): Command[] {
  return newestFirst([...known.value.values()].filter((one) => one.node === node && !one.incident_id));
}

/** Take a command as it stands now; one that is answered never goes back. */
export function takeCommand(command: Command): void {
  const before = known.value.get(command.id);
  if (before?.answered_at && !command.answered_at) return;
  known.value = new Map(known.value).set(command.id, command);
}

/** Ask a node; while a request is on its way, nothing. */
export async function ask(node: string, request: CommandRequest): Promise<void> {
  if (asking.value) return;
  trouble.value = "";
  asking.value = true;
  try {
    takeCommand(await askNode(node, request, randomId()));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401) endSession();
    else trouble.value = error.status === 403 ? words.value.care.forbidden : words.value.care.failed;
  } finally {
    asking.value = false;
  }
}

let loadedFor = "";

// What was asked before this page was opened is fetched once for each incident that is looked at.
effect(() => {
  const incident = selected.value;
  const node = incident && nodeOf(incident);
  if (!incident || !node || loadedFor === incident.id || !mayAsk()) return;
  loadedFor = incident.id;
  trouble.value = "";
  void load(node, incident.id);
});

async function load(node: string, incidentId: string): Promise<void> {
  try {
    for (const command of await commandsOf(node, incidentId)) takeCommand(command);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (loadedFor === incidentId) loadedFor = "";
  }
}

function newestFirst(commands: Command[]): Command[] {
  return commands.sort((a, b) => (a.id < b.id ? 1 : -1));
}
