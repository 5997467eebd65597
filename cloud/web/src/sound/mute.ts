import { computed, signal } from "@preact/signals";
import { Refused } from "../api/calls";
import { endMute, type Mute, mutes, silenceWall } from "../api/desk";
import { live } from "../state/clock";
import { hasRole, session } from "../state/session";
import { inWords } from "../state/actions";
import { runs } from "./ringing";

export const muteShown = signal(false);
/** Why the last request to the cloud about silence did not work. */
export const muteTrouble = signal("");
const made = signal<Mute | null>(null);

/** The silence of this person's walls that runs now; it is over by itself when its time is. */
export const silenced = computed(() => (runs(made.value, live.value) ? made.value : null));

/** Who may silence their own wall: who answers for it. */
export function maySilence(): boolean {
  return hasRole("operator", "leader");
}

/** A wall that was silent before it was loaded anew stays so until its time is over. */
export async function loadMute(): Promise<void> {
  made.value = null;
  if (!maySilence()) return;
  const me = session.value?.user.username;
  await attempt(async () => {
    made.value = (await mutes()).find((one) => one.username === me && runs(one, live.peek())) ?? null;
  });
}

export async function silence(reason: string, minutes: number): Promise<boolean> {
  return attempt(async () => {
    made.value = await silenceWall(reason, minutes);
  });
}

export async function sound(): Promise<void> {
  const running = made.value;
  if (!running) return;
  if (await attempt(() => endMute(running.id))) made.value = null;
}

async function attempt(work: () => Promise<void>): Promise<boolean> {
  muteTrouble.value = "";
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    muteTrouble.value = inWords(error);
    return false;
  }
}
