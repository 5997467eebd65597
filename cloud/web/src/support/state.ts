/** Whom the ladder calls is told here until they have read it: who in the street asks for help, and all else. */
import { signal } from "@preact/signals";
import { Refused } from "../api/calls";
import { noticeDelivered, noticeRead } from "../api/phone";
import { silenced } from "../sound/mute";
import { chime } from "../sound/speaker";

/** A notice as the stream tells it. */
export interface Told {
  id: string;
  kind: string;
  incident_id: string | null;
  words: { zh: string; en: string };
  created_at: string;
}

export const asking = signal<readonly Told[]>([]);
export const others = signal<readonly Told[]>([]);
/** What of a case is not seen in the list of cases itself. */
const BESIDE = ["whistle", "escalation"];

/** A later rung of the same ladder rings again. */
export function hearNotice(told: Told): void {
  const support = told.kind === "support";
  if (!support && told.incident_id && !BESIDE.includes(told.kind)) return;
  const list = support ? asking : others;
  list.value = [...list.value.filter((one) => one.id !== told.id), told];
  if (support || silenced.value === null) chime(support ? "high" : "low");
  void noticeDelivered(told.id).catch(ignore);
}

/** I have it: nobody else has to be called. */
export async function read(told: Told): Promise<void> {
  for (const list of [asking, others]) list.value = list.value.filter((one) => one.id !== told.id);
  await noticeRead(told.id).catch(ignore);
}

/** That it is not written down only has the ladder go on. */
function ignore(error: unknown): void {
  if (!(error instanceof Refused)) throw error;
}
