import { computed, signal } from "@preact/signals";
import { Refused, STREAM_URL } from "../api/calls";
import { follow } from "../api/stream";
import type { Alarm, Command, Health, Incident } from "../api/types";
import { classNamed, named, words } from "../words";
import { takeCommand } from "./care";
import { now, setServerTime } from "./clock";
import { forgetIncidents, loadIncidents, loaded, take, takeAlarm } from "./incidents";
import { calls } from "./order";
import { hearHealth, loadPlaces } from "./places";
import { endSession } from "./session";

/** A wall that hears nothing for this long, not even a keep-alive, says so across its full width. */
export const LOST_MS = 10_000;
const RETRY_MS = 5_000;

/** When anything last arrived, on the page's own steady clock. */
const heardAt = signal(performance.now());
export const loadFailed = signal(false);
/** What a screen reader is told. */
export const announcement = signal("");

/** Milliseconds since the cloud was last heard. */
export const silence = computed(() => {
  void now.value;
  return Math.max(0, performance.now() - heardAt.value);
});
export const lost = computed(() => silence.value >= LOST_MS);

/** Load everything and keep it current until the returned function is called. */
export function goLive(): () => void {
  const life = new AbortController();
  heardAt.value = performance.now();
  let following = false;
  const handlers = {
    heard: () => {
      heardAt.value = performance.now();
    },
    event: (name: string, data: string) => {
      if (name === "hello") setServerTime((JSON.parse(data) as { server_time: string }).server_time);
      else if (name === "incident") takeLive(JSON.parse(data) as Incident);
      else if (name === "alarm") takeAlarm(JSON.parse(data) as Alarm);
      else if (name === "health") hearHealth(JSON.parse(data) as Health);
      else if (name === "command") takeCommand(JSON.parse(data) as Command);
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
    forgetIncidents();
  };
}

function takeLive(incident: Incident): void {
  const before = take(incident);
  if (!loaded.value) return;
  if (calls(before, incident)) {
    announcement.value = words.value.live.newIncident(
      classNamed(incident.event_class), named(incident.point.name), words.value.severities[incident.severity],
    );
  } else if (before && before.state !== incident.state) {
    announcement.value = words.value.live.moved(classNamed(incident.event_class), words.value.states[incident.state]);
  }
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
