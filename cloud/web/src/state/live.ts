import { computed, signal } from "@preact/signals";
import { Refused, STREAM_URL } from "../api/calls";
import { follow } from "../api/stream";
import type { Alarm, Command, Health, Incident } from "../api/types";
import { classNamed, named, words } from "../words";
import { takeCommand } from "./care";
import { live, setServerTime } from "./clock";
import { forgetIncidents, isKnown, loadIncidents, loaded, takeAll } from "./incidents";
import { calls, SEVERITIES } from "./order";
import { hearHealth, loadPlaces } from "./places";
import { endSession } from "./session";
import { hearNotice, type Told as Notice } from "../support/state";

/** A wall that hears nothing for this long, not even a keep-alive, says so across its full width. */
export const LOST_MS = 10_000;
const RETRY_MS = 5_000;
/** What the stream tells within this is drawn at once: a storm is hundreds of words a second. */
const GATHER_MS = 100;
/** So long at a time is spent on reading what was told, so that keys and clocks are answered in between. */
const SLICE_MS = 20;

/** When anything last arrived, on the page's own steady clock. */
const heardAt = signal(performance.now());
export const loadFailed = signal(false);
/** What a screen reader is told. */
export const announcement = signal("");

/** Milliseconds since the cloud was last heard. */
export const silence = computed(() => {
  void live.value;
  return Math.max(0, performance.now() - heardAt.value);
});
export const lost = computed(() => silence.value >= LOST_MS);

type Told = { incident: Incident } | { alarm: Alarm };

/** Load everything and keep it current until the returned function is called. */
export function goLive(): () => void {
  const life = new AbortController();
  heardAt.value = performance.now();
  let following = false;
  let unread: (() => Told)[] = [];
  let due = 0;
  function hear(read: () => Told): void {
    unread.push(read);
    // Not by animation frame: those stop in a tab that is behind another, and its sound must not.
    if (!due) due = window.setTimeout(draw, GATHER_MS);
  }
  function draw(): void {
    const enough = performance.now() + SLICE_MS;
    const told: Told[] = [];
    for (const read of unread) {
      told.push(read());
      if (performance.now() > enough) break;
    }
    unread = unread.slice(told.length);
    due = unread.length > 0 ? window.setTimeout(draw) : 0;
    announce(told);
    takeAll(told);
  }
  const handlers = {
    heard: () => {
      // One draw a second for the age of the data is enough.
      if (performance.now() - heardAt.peek() > 500) heardAt.value = performance.now();
    },
    event: (name: string, data: string) => {
      if (name === "hello") setServerTime((JSON.parse(data) as { server_time: string }).server_time);
      else if (name === "incident") hear(() => ({ incident: JSON.parse(data) as Incident }));
      else if (name === "alarm") hear(() => ({ alarm: JSON.parse(data) as Alarm }));
      else if (name === "health") hearHealth(JSON.parse(data) as Health);
      else if (name === "command") takeCommand(JSON.parse(data) as Command);
      else if (name === "notice") hearNotice(JSON.parse(data) as Notice);
      // What happened between the first load and the stream's start came by neither way: load once more.
      if (name === "reset" || (name === "hello" && !following)) void load(life.signal);
      following = true;
    },
    signedOut: endSession,
  };
  void load(life.signal);
  void follow(STREAM_URL, handlers, life.signal);
  return () => {
    life.abort();
    clearTimeout(due);
    forgetIncidents();
  };
}

/** Tell the worst of what calls; else what moved last. Of a hundred at once nobody can hear more. */
function announce(told: readonly Told[]): void {
  if (!loaded.value) return;
  const { live, severities, states } = words.value;
  const incidents = told.flatMap((one) => ("incident" in one ? [one.incident] : []));
  const calling = incidents.filter((one) => calls(isKnown(one.id), one));
  calling.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  const [worst] = calling;
  const moved = incidents.filter((one) => {
    const before = isKnown(one.id);
    return before !== undefined && before.version < one.version && before.state !== one.state;
  }).at(-1);
  if (worst) {
    announcement.value = live.newIncident(
      classNamed(worst.event_class), named(worst.point.name), severities[worst.severity],
    );
  } else if (moved) announcement.value = live.moved(classNamed(moved.event_class), states[moved.state]);
}

async function load(life: AbortSignal): Promise<void> {
  try {
    await Promise.all([loadIncidents(), loadPlaces()]);
    loadFailed.value = false;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401) {
      endSession();
      return;
    }
    loadFailed.value = true;
    setTimeout(() => {
      if (!life.aborted) void load(life);
    }, RETRY_MS);
  }
}
