/** What somebody may do with a case on the phone, also upon what waits in the queue. Pure. */
import type { Choice } from "../api/phone";
import type { Projected } from "./queue";

/** Steps of the table that the phone offers, in the order in which they are used. */
export const STEPS = [
  "claim", "start", "resolve", "check", "confirm", "close", "self_handle", "check_failed", "ask_extend", "ask_return",
] as const;
export type Step = (typeof STEPS)[number];

/** Those that lead on: the large button is one of them, never a step aside or back. */
export const FORWARD: ReadonlySet<Step> = new Set(["claim", "start", "resolve", "check", "confirm", "close"]);
/** Whoever is told this has to know why. */
const EXPLAINED: ReadonlySet<Step> = new Set(["ask_extend", "ask_return", "check_failed"]);

/** What may follow a step that is not sent yet; what else may, the cloud says when it has it. */
const NEXT: Readonly<Record<string, readonly Step[]>> = {
  in_progress: ["resolve", "ask_extend", "ask_return"],
  dispatched: ["start", "self_handle"],
  checking: ["confirm", "check_failed"],
};

export interface Offer {
  step: Step;
  allowed: boolean;
  /** The cloud's sentence; null: there is none, or it is allowed. */
  whyNot: string | null;
  /** A reason must be given. */
  reason: boolean;
  needsPhotos: boolean;
  takesPhotos: boolean;
  /** A form comes first: it needs something, or is not to be done by a second tap at the same spot. */
  asks: boolean;
}

/** The steps with what stands in their way. `may`: what one's roles may do, for when nothing else is known. */
export function offers(choices: readonly Choice[] | null, may: readonly string[], state: string, after: Projected): Offer[] {
  return STEPS.filter((step) => !after.done.has(step)).map((step) => {
    const known = choices?.find((one) => one.action === step);
    const photos = { needsPhotos: known?.needs.includes("photos") ?? step === "self_handle", takesPhotos: step === "resolve" || step === "self_handle" };
    const reason = known?.reason || EXPLAINED.has(step);
    const asks = reason || photos.takesPhotos || step === "close";
    if (after.state !== state) {
      const allowed = NEXT[after.state]?.includes(step) ?? false;
      return { step, allowed, whyNot: null, reason, asks, ...photos };
    }
    // Until the cloud has said it, what usually follows: a button that changes under the thumb is pressed by mistake.
    const allowed = known ? known.allowed : may.includes(step) && (NEXT[state] ?? STEPS).includes(step);
    return { step, allowed, whyNot: known?.why_not ?? null, reason, asks, ...photos };
  });
}
