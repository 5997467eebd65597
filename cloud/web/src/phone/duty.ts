/** On duty or not. Only the switch asks for a position, and off duty there is none, for nothing. */
import { effect, signal } from "@preact/signals";
import { Refused } from "../api/calls";
import { type Fix, sendTrack } from "../api/phone";
import { metres } from "./geo";
import { canTrack } from "./me";
import type { Position } from "./queue";
import * as store from "./store";

/** A position is kept when this much time went by, or this much way. */
const EVERY_MS = 30_000;
const EVERY_M = 20;
const SEND_MS = 60_000;
const MOST = 500;

export const onDuty = signal(false);
export const position = signal<(Position & { accuracy: number }) | null>(null);
/** Why there is no position. */
export const noPosition = signal<"insecure" | "denied" | "unavailable" | null>(null);
/** Positions were sent, and not kept: the rosters have this person off. */
export const offRoster = signal(false);

let watch: number | null = null;
let sending: ReturnType<typeof setInterval> | undefined;
let last: Fix | null = null;

export async function recallDuty(): Promise<void> {
  onDuty.value = (await store.named<boolean>("onDuty")) ?? false;
}

export async function setDuty(on: boolean): Promise<void> {
  onDuty.value = on;
  await store.setNamed("onDuty", on);
}

effect(() => {
  if (onDuty.value) start();
  else stop();
});

function start(): void {
  if (!("geolocation" in navigator) || !isSecureContext) {
    noPosition.value = "insecure";
    return;
  }
  noPosition.value = null;
  const options = { enableHighAccuracy: true, maximumAge: 15_000, timeout: 60_000 };
  watch = navigator.geolocation.watchPosition((at) => void hear(at), fail, options);
  sending = setInterval(() => void sendFixes(), SEND_MS);
}

function stop(): void {
  if (watch !== null) navigator.geolocation.clearWatch(watch);
  clearInterval(sending);
  watch = null;
  last = null;
  position.value = null;
  noPosition.value = null;
}

function fail(error: GeolocationPositionError): void {
  noPosition.value = error.code === error.PERMISSION_DENIED ? "denied" : "unavailable";
  if (error.code === error.PERMISSION_DENIED) position.value = null;
}

async function hear({ coords, timestamp }: GeolocationPosition): Promise<void> {
  const { longitude: lon, latitude: lat, accuracy } = coords;
  position.value = { lon, lat, accuracy };
  noPosition.value = null;
  if (!canTrack.value) return;
  const fix: Fix = { at: new Date(timestamp).toISOString(), lon, lat, accuracy_m: Math.min(accuracy, 100_000) };
  if (last && Date.parse(fix.at) - Date.parse(last.at) < EVERY_MS && metres(last, fix) < EVERY_M) return;
  const first = last === null;
  last = fix;
  const kept = (await store.named<Fix[]>("fixes")) ?? [];
  await store.setNamed("fixes", [...kept, fix].slice(-MOST));
  if (first) await sendFixes();
}

/** Send what was walked; what was walked without network goes later, while it may still be kept. */
export async function sendFixes(): Promise<void> {
  const fixes = (await store.named<Fix[]>("fixes")) ?? [];
  if (fixes.length === 0) return;
  try {
    const taken = await sendTrack(fixes);
    offRoster.value = taken.refused.length > 0 && taken.kept === 0;
    const rest = (await store.named<Fix[]>("fixes")) ?? [];
    await store.setNamed("fixes", rest.filter((one) => !fixes.some((sent) => sent.at === one.at)));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
}
