import { computed, signal } from "@preact/signals";
import { chart, Refused, seriesOf } from "../api/calls";
import type { Chart, Series } from "../api/types";
import { go } from "./route";
import { endSession } from "./session";

export type Span = "hour" | "day" | "week";
export const SPANS: readonly Span[] = ["hour", "day", "week"];
const HOURS: Record<Span, number> = { hour: 1, day: 24, week: 168 };
const EVERY_MS: Record<Span, number> = { hour: 15_000, day: 60_000, week: 300_000 };
const AT_ONCE = 6;

/** Whose curves are shown. */
export interface Subject {
  kind: "point" | "node";
  id: string;
}

export const span = signal<Span>("hour");
/** What there is; null: not loaded yet. */
export const series = signal<readonly Series[] | null>(null);
/** By `keyOf`; a series without one is still on its way. */
export const charts = signal<ReadonlyMap<string, Chart>>(new Map());
export const chartsFailed = signal(false);

/** What people look for first: what sensors measure, then zones, then how cameras are. */
export const ordered = computed(() => (series.value === null ? null : [...series.value].sort(byWorth)));

const UPKEEP = ["battery", "signal"];

function worth(one: Series): number {
  if (one.zone) return 1;
  if (UPKEEP.includes(one.quantity)) return 3;
  return one.limits.length > 0 || !CAMERA.has(one.quantity) ? 0 : 2;
}

const CAMERA = new Set([
  "up", "fps", "key_interval", "clock_offset", "looks", "dropped", "lost_packets", "brightness", "edges_lost", "sharpness",
  "faults",
]);

function byWorth(a: Series, b: Series): number {
  return worth(a) - worth(b) || compare(a.device, b.device) || compare(a.zone ?? "", b.zone ?? "") || compare(a.quantity, b.quantity);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function keyOf(one: { device: string; zone: string | null; quantity: string; unit: string }): string {
  return [one.device, one.zone ?? "", one.quantity, one.unit].join("\n");
}

export function showCharts(of: Subject): void {
  series.value = null;
  charts.value = new Map();
  go("charts", of.kind, of.id);
}

/** Load what is asked for, and again in time, until the returned function is called. */
export function keepCharts(of: Subject, over: Span): () => void {
  let stopped = false;
  let timer = 0;
  async function turn(): Promise<void> {
    try {
      const found = await seriesOf(of);
      if (stopped) return;
      series.value = found;
      await loadAll(found, over, () => stopped);
      chartsFailed.value = false;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (stopped) return;
      if (error.status === 401) endSession();
      chartsFailed.value = true;
    }
    if (!stopped) timer = window.setTimeout(() => void turn(), EVERY_MS[over]);
  }
  charts.value = new Map();
  void turn();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

async function loadAll(found: readonly Series[], over: Span, stopped: () => boolean): Promise<void> {
  const waiting = found.filter((one) => one.last_at !== null);
  const worker = async (): Promise<void> => {
    for (let one = waiting.shift(); one && !stopped(); one = waiting.shift()) {
      const loaded = await chart(one, new Date(Date.now() - HOURS[over] * 3_600_000));
      if (!stopped()) charts.value = new Map(charts.value).set(keyOf(one), loaded);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
