import { signal } from "@preact/signals";
import { incidentEvents, Refused } from "../api/calls";
import { endSession } from "../state/session";
import { actorName, eventName } from "../words/events";
import { load, shown } from "./load";
import { text } from "./words";
import { why } from "./why";

/** What became of what was done last on this page. */
export const outcome = signal<{ good: boolean; text: string } | null>(null);
export const busy = signal(false);
/** The form that is open: a step's name, or a call's id with an answer. */
export const form = signal<string | null>(null);

/** Do something to the case on screen, say what became of it, and load the case anew. True: it is done. */
export async function act(what: string, doing: () => Promise<unknown>): Promise<boolean> {
  const file = shown.value;
  if (!file || busy.value) return false;
  busy.value = true;
  outcome.value = null;
  try {
    await doing();
    form.value = null;
    outcome.value = { good: true, text: text.value.done(what) };
    await load(file.incident.id);
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401) endSession();
    else outcome.value = { good: false, text: await told(error, file.incident.id) };
    if (error.status === 412 || error.status === 409) await load(file.incident.id);
    return false;
  } finally {
    busy.value = false;
  }
}

async function told(refused: Refused, id: string): Promise<string> {
  const words = text.value;
  switch (refused.status) {
    case 0:
      return words.offline;
    case 403:
      return why(refused.detail) === refused.detail ? words.forbidden : words.refused(why(refused.detail));
    case 412:
      return (await newest(id)) ?? words.changed;
    case 429:
      return words.tooMany;
    case 409:
    case 404:
    case 413:
    case 422:
      return words.refused(why(refused.detail));
    default:
      return words.wrong;
  }
}

/** Who was quicker, and with what. */
async function newest(id: string): Promise<string | null> {
  try {
    const last = (await incidentEvents(id)).at(-1);
    return last ? text.value.changedBy(actorName(last), eventName(last)) : null;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return null;
  }
}
