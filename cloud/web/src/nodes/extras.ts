import { signal } from "@preact/signals";
import { Refused } from "../api/calls";
import { activeAlarms, outOfService, type Precision, precision, type ServiceState } from "../api/devices";
import { endSession, hasRole } from "../state/session";

const EVERY_MS = 30_000;
/** Labels of conditions that are about the picture itself (`HealthKind` in `devices/site/model.py`). */
const OF_THE_PICTURE: ReadonlySet<string> = new Set([
  "black", "washed_out", "frozen", "covered", "sprayed", "defocused", "turned", "stalled", "gop_too_long",
]);

export interface Right {
  right: number;
  judged: number;
  /** 0 to 1; null: nothing was judged. */
  share: number | null;
}

/** Devices that somebody works on, by id. */
export const out = signal<ReadonlyMap<string, ServiceState>>(new Map());
/** What is wrong with a camera's picture now, by camera; null: this person may not know. */
export const sick = signal<ReadonlyMap<string, readonly string[]> | null>(null);
/** How often a camera's alarms were right, all classes together; null: this person may not know. */
export const rightness = signal<ReadonlyMap<string, Right> | null>(null);
export const advice = signal<Precision["advice"]>([]);

/** Load, and again while the page is shown, until the returned function is called. */
export function keepExtras(): () => void {
  let stopped = false;
  let timer = 0;
  async function turn(): Promise<void> {
    try {
      await reload();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status === 401) endSession();
    }
    if (!stopped) timer = window.setTimeout(() => void turn(), EVERY_MS);
  }
  void turn();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** Whether whoever is signed in may take devices out of service. */
export function mayTakeOut(): boolean {
  return hasRole("operator", "leader");
}

/** Load what this person may know. */
export async function reload(): Promise<void> {
  const patrol = mayTakeOut();
  const [services, alarms, told] = await Promise.all([
    patrol ? outOfService() : [],
    patrol ? activeAlarms() : null,
    hasRole("administrator") && !patrol ? null : precision(),
  ]);
  out.value = new Map(services.map((one) => [one.device, one]));
  sick.value = alarms && byCamera(alarms);
  rightness.value = told && rightOf(told);
  advice.value = told?.advice ?? [];
}

function byCamera(alarms: readonly { device: string; label: string }[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { device, label } of alarms) {
    if (OF_THE_PICTURE.has(label)) found.set(device, [...(found.get(device) ?? []), label]);
  }
  return found;
}

/** Of each device over all its classes. Pure. */
export function rightOf(told: Pick<Precision, "items">): ReadonlyMap<string, Right> {
  const found = new Map<string, Right>();
  for (const { device, count } of told.items) {
    const before = found.get(device) ?? { right: 0, judged: 0, share: null };
    const right = before.right + count.true;
    const judged = before.judged + count.true + count.false + count.other_class;
    found.set(device, { right, judged, share: judged > 0 ? right / judged : null });
  }
  return found;
}
