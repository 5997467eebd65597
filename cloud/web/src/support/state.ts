/** Who in the street asks for help: told to those whom the ladder calls, until they have read it. */
import { signal } from "@preact/signals";
import { Refused } from "../api/calls";
import { noticeDelivered, noticeRead } from "../api/phone";
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

/** A later rung of the same ladder rings again. */
export function hearNotice(told: Told): void {
  if (told.kind !== "support") return;
  asking.value = [...asking.value.filter((one) => one.id !== told.id), told];
  chime("high");
  void noticeDelivered(told.id).catch(ignore);
}

/** I have it: nobody else has to be called. */
export async function read(told: Told): Promise<void> {
  asking.value = asking.value.filter((one) => one.id !== told.id);
  await noticeRead(told.id).catch(ignore);
}

/** That it is not written down only has the ladder go on. */
function ignore(error: unknown): void {
  if (!(error instanceof Refused)) throw error;
}
