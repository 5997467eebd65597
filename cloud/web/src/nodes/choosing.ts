import { signal } from "@preact/signals";
import type { NodeDevice } from "../api/types";
import { isBad } from "../state/places";
import { byTrouble, missing, type Upkeep } from "../state/upkeep";

export const SHOWN = ["all", "trouble", "out", "camera", "sensor"] as const;
export type Shown = (typeof SHOWN)[number];

export const shown = signal<Shown>("all");
export const sought = signal("");

/** Key frames farther apart than this make a camera dear and late (`docs/design/health.md`). */
export const KEY_INTERVAL_S = 10;

/** Whether somebody should look after it: not up, sick, its key frames too far apart, or mostly wrong. */
export function troubled(device: NodeDevice, sick: readonly string[] | undefined): boolean {
  const interval = device.facts["key_interval_s"];
  return isBad(device.status) || (sick?.length ?? 0) > 0 || (typeof interval === "number" && interval > KEY_INTERVAL_S);
}

/** The devices of a node that are asked for, what needs somebody first; the node itself is not among them. Pure. */
export function chosenOf(
  devices: readonly NodeDevice[],
  wanted: { shown: Shown; sought: string },
  isOut: (id: string) => boolean,
  sickOf: (id: string) => readonly string[] | undefined,
): readonly NodeDevice[] {
  const words = wanted.sought.trim().toLowerCase();
  const fits = (one: NodeDevice): boolean => {
    if (words && ![one.id, one.name.zh, one.name.en, one.point ?? ""].some((part) => part.toLowerCase().includes(words))) return false;
    if (wanted.shown === "trouble") return troubled(one, sickOf(one.id));
    if (wanted.shown === "out") return isOut(one.id);
    return wanted.shown === "all" || one.kind === wanted.shown;
  };
  const rank = (one: NodeDevice): number => Number(!troubled(one, sickOf(one.id)));
  return devices.filter((one) => one.kind !== "node" && fits(one)).sort((a, b) => rank(a) - rank(b) || byTrouble(a, b));
}

/** Nodes that need somebody first: silent, then with numbers missing, then with devices that do not deliver. Pure. */
export function byNeed(a: Upkeep, b: Upkeep): number {
  const need = (one: Upkeep): number[] => [
    Number(one.node.status !== "up"), missing(one.ledger), one.devices.filter((device) => isBad(device.status)).length,
  ];
  const [left, right] = [need(a), need(b)];
  for (let at = 0; at < left.length; at += 1) {
    const more = (right[at] ?? 0) - (left[at] ?? 0);
    if (more !== 0) return more;
  }
  return a.node.id < b.node.id ? -1 : 1;
}
