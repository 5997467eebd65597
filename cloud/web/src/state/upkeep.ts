import { signal } from "@preact/signals";
import { nodeDevices, nodeLedger, nodes as fetchNodes, Refused } from "../api/calls";
import type { DeviceStatus, NodeDevice, NodeLedger, NodeState, SeriesLedger } from "../api/types";
import { endSession } from "./session";

const EVERY_MS = 10_000;

export interface Upkeep {
  node: NodeState;
  ledger: NodeLedger;
  devices: readonly NodeDevice[];
}

/** Of every node, how its messages and devices stand; null: not loaded yet. */
export const upkeep = signal<readonly Upkeep[] | null>(null);
export const upkeepFailed = signal(false);

/** Load, and again every ten seconds, until the returned function is called. */
export function keepUp(): () => void {
  let stopped = false;
  let timer = 0;
  async function turn(): Promise<void> {
    try {
      const found = await load();
      if (stopped) return;
      upkeep.value = found;
      upkeepFailed.value = false;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (stopped) return;
      if (error.status === 401) endSession();
      upkeepFailed.value = true;
    }
    timer = window.setTimeout(() => void turn(), EVERY_MS);
  }
  void turn();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

async function load(): Promise<readonly Upkeep[]> {
  const nodes = await fetchNodes();
  return Promise.all(
    nodes.map(async (node) => {
      const [ledger, devices] = await Promise.all([nodeLedger(node.id), nodeDevices(node.id)]);
      return { node, ledger, devices };
    }),
  );
}

export const SERIES = ["alarm", "evidence", "health", "telemetry"] as const;
export const COLUMNS = ["numbered", "sent", "accepted", "waiting", "missing", "refused", "evicted", "duplicate"] as const;

/** The lines in the order of the page: by series, what is written in now before earlier files. */
export function ordered(lines: readonly SeriesLedger[]): readonly SeriesLedger[] {
  return [...lines]
    .filter((line) => line.current || line.numbered > 0)
    .sort((a, b) => SERIES.indexOf(a.series) - SERIES.indexOf(b.series) || Number(b.current) - Number(a.current));
}

/** Numbers that are looked for, over all series. */
export function missing(ledger: NodeLedger): number {
  return ledger.lines.reduce((sum, line) => sum + line.missing, 0);
}

/** Messages that the node keeps until the cloud has them, over all series. */
export function backlog(ledger: NodeLedger): number {
  return ledger.lines.reduce((sum, line) => sum + line.waiting, 0);
}

/** "2–7, 9", at most so many. */
export function rangesAsText(ranges: readonly (readonly number[])[], most = 6): string {
  const parts = ranges.slice(0, most).map(([first, last]) => {
    if (last === first) return String(first);
    return last !== undefined && last >= 2 ** 53 ? `${first}–` : `${first}–${last}`;
  });
  return parts.join(", ") + (ranges.length > most ? ", …" : "");
}

const LADDER: readonly DeviceStatus[] = ["unreachable", "refused", "stalled", "unknown", "up"];

/** The worst rung first. */
export function byTrouble(a: NodeDevice, b: NodeDevice): number {
  return LADDER.indexOf(a.status) - LADDER.indexOf(b.status) || (a.id < b.id ? -1 : 1);
}

/** A clock that is more than this off makes times of alarms doubtful. */
export const CLOCK_TOLERANCE_S = 5;
