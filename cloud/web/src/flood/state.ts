import { signal } from "@preact/signals";
import { Refused } from "../api/calls";
import {
  asideAlarms, type Figures, figures, outOfService, putBack, service, type ServiceState, type Shelf, shelve, shelves, takeOut, unshelve,
} from "../api/desk";
import type { Alarm } from "../api/types";
import { inWords } from "../state/actions";
import { now } from "../state/clock";
import { inMinutes } from "../state/desk";
import { open } from "../state/incidents";
import { endSession, hasRole } from "../state/session";
import { text } from "./words";

export const SPANS = { hour: 1, day: 24, week: 168, month: 720 } as const;
export type Span = keyof typeof SPANS;
const HOUR_MS = 3_600_000;
const EVERY_MS = 20_000;

export const span = signal<Span>("day");
export const found = signal<Figures | null>(null);
export const shelved = signal<readonly Shelf[]>([]);
/** Alarms that are aside now: a shelf is taken down by one of its alarms. */
export const aside = signal<readonly Alarm[]>([]);
export const out = signal<readonly ServiceState[]>([]);
export const failed = signal(false);
/** What became of what was asked for last. */
export const said = signal<{ good: boolean; text: string } | null>(null);

/** Only the patrol room shelves and takes devices out. */
export function mayChange(): boolean {
  return hasRole("operator", "leader");
}

/** Keep it current until the returned function is called. */
export function keepFigures(over: Span): () => void {
  let stopped = false;
  let timer = 0;
  async function turn(): Promise<void> {
    await load(over);
    if (!stopped) timer = window.setTimeout(() => void turn(), EVERY_MS);
  }
  void turn();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

async function load(over: Span): Promise<void> {
  try {
    found.value = await figures(new Date(now.peek() - SPANS[over] * HOUR_MS));
    if (mayChange()) [shelved.value, aside.value, out.value] = await Promise.all([shelves(), asideAlarms(), outOfService()]);
    failed.value = false;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401) endSession();
    failed.value = true;
  }
}

/** An alarm by which a shelf can be taken down. */
export function alarmOf(shelf: Shelf): Alarm | undefined {
  return aside.value.find(
    (one) => one.place === shelf.place && one.event_class.code === shelf.event_class && one.state.name === "shelved",
  );
}

/** An alarm of a source that calls now, by which what calls there can be shelved. */
export function callingOf(source: { device: string; event_class: string }): Alarm | undefined {
  return open.value.flatMap((one) => one.alarms).find(
    (one) => one.device === source.device && one.event_class.code === source.event_class && one.state.active,
  );
}

export function putAside(alarm: Alarm, minutes: number, reason: string): Promise<boolean> {
  return attempt(() => shelve(alarm, reason, inMinutes(minutes)), text.value.aside);
}

export function takeDown(alarm: Alarm): Promise<boolean> {
  return attempt(() => unshelve(alarm), text.value.taken);
}

/** As long as nobody else did something to the device since it was looked at. */
export function retire(device: string, hours: number, reason: string): Promise<boolean> {
  const until = new Date(now.peek() + hours * HOUR_MS).toISOString();
  return attempt(async () => takeOut(device, (await service(device)).version, reason, until), text.value.done(device));
}

export function restore(device: ServiceState): Promise<boolean> {
  return attempt(() => putBack(device.device, device.version), text.value.back(device.device));
}

async function attempt(work: () => Promise<unknown>, done: string): Promise<boolean> {
  said.value = null;
  try {
    await work();
    said.value = { good: true, text: done };
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    said.value = { good: false, text: inWords(error) };
    return false;
  } finally {
    await load(span.value);
  }
}
