import { effect, signal } from "@preact/signals";
import { incident } from "../api/calls";
import { acknowledge, judge, shelve, type Verdict, whistle } from "../api/desk";
import { randomId } from "../api/ids";
import type { Action, Alarm, Incident } from "../api/types";
import { words } from "../words";
import { formatNumber } from "../words/format";
import { text } from "../wall/words";
import { asking, attempt, mayBegin, NEEDS_REASON, say, send, unsay } from "./actions";
import { now } from "./clock";
import { selected, selectedId, takeAll, targets } from "./incidents";
import { isWaiting } from "./order";
import { byRule, prefillOf, ruleOf } from "./prefill";

/** What is asked about the row chosen: why false, which other class, whom to, which departments, for how long. */
export type Form = "false" | "other_class" | "dispatch" | "whistle" | "shelve";

const AT_ONCE = 6;
/** The longest shelf is counted from when the cloud hears of it, and its clock and ours differ a little. */
const SLACK_MS = 5_000;

export const form = signal<Form | null>(null);
/**
 * Whom the form is about, as they stood on screen when it was opened: nothing that came since, and what somebody else
 * did meanwhile is refused by its version and told.
 */
export const about = signal<readonly Incident[]>([]);

// As with reasons: a form about one row must never be answered for another.
effect(() => {
  void selectedId.value;
  form.value = null;
});

export function ask(which: Form): void {
  const incident = selected.value;
  if (!incident) return;
  if (which === "false" && !mayBegin(incident, "false_alarm")) return;
  if (which === "dispatch" && !mayBegin(incident, nextStep(incident))) return;
  about.value = targets.value;
  unsay(incident);
  asking.value = null;
  form.value = which;
}

/** A step for all that the chosen row stands for: at once, or by asking one reason for all of them first. */
export function beginAll(action: Action): void {
  const those = targets.value;
  const [lead] = those;
  if (!lead || !mayBegin(lead, action)) return;
  about.value = those;
  unsay(lead);
  form.value = null;
  if (NEEDS_REASON.has(action)) asking.value = action;
  else void stepAll(those, action, null);
}

/** One after another; what cannot be done is said of each. */
export async function stepAll(incidents: readonly Incident[], action: Action, reason: string | null): Promise<void> {
  for (const one of incidents) await send(one, { action, reason });
}

/** The first step that the dispatch form would take. */
export function nextStep(incident: Incident): Action {
  return isWaiting(incident) ? "accept" : "dispatch";
}

/** Say what it is; true and of another class lead on to the dispatch. */
export async function judgeAs(incidents: readonly Incident[], verdict: Verdict): Promise<boolean> {
  const [lead] = incidents;
  if (!lead) return false;
  const done = await attempt(lead, "judge", async () => {
    await acknowledgeAll(incidents);
    return judge(incidents, verdict);
  });
  if (!done) return false;
  if (["true", "other_class"].includes(verdict.verdict) && mayForward(lead) && selectedId.value === lead.id) ask("dispatch");
  const { said, skipped, ...verdicts } = text.value.judge;
  const left = done.skipped.length;
  say(lead, left === 0, left ? skipped(formatNumber(left, words.value.locale)) : said(verdicts[verdict.verdict]));
  return true;
}

function mayForward(incident: Incident): boolean {
  return incident.allowed_actions.includes(nextStep(incident));
}

/** False, for this reason: judged so, and each case ends as a false alarm. */
export async function judgeFalse(incidents: readonly Incident[], reason: string, inWords: string): Promise<void> {
  if (!(await judgeAs(incidents, { verdict: "false", reason }))) return;
  form.value = null;
  await stepAll(incidents, "false_alarm", inWords);
}

/** Whom a case is given to. */
export interface Assignment {
  handler: string | null;
  organisation: string | null;
  reason: string | null;
}

/**
 * Accept what waits, then dispatch as far as the role allows: to whom the form showed. Where that is what rules say of
 * the first one (`ruled`), those of other grids go to whom their own grid's rules name.
 */
export async function dispatchAll(incidents: readonly Incident[], to: Assignment, ruled: boolean): Promise<void> {
  const [lead] = incidents;
  form.value = null;
  for (const one of incidents) {
    const accepted = isWaiting(one) ? await send(one, { action: "accept" }) : one;
    if (accepted?.allowed_actions.includes("dispatch")) {
      const other = ruled && lead && ruleOf(one) !== ruleOf(lead);
      await send(accepted, { action: "dispatch", ...(other ? byRule(await prefillOf(one)) : to) });
    }
  }
}

/** Somebody saw it: what of these calls stops calling. */
export async function acknowledgeAll(incidents: readonly Incident[]): Promise<number> {
  const whole = await Promise.all(incidents.map((one) => (one.alarms_total > one.alarms.length ? incident(one.id) : one)));
  const waiting: Alarm[] = whole.flatMap((one) =>
    one.alarms.filter((alarm) => ["unacknowledged", "gone_unacknowledged"].includes(alarm.state.name)),
  );
  const count = waiting.length;
  const worker = async (): Promise<void> => {
    for (let one = waiting.shift(); one; one = waiting.shift()) takeAll([{ alarm: await acknowledge(one) }]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return count;
}

/** The key for it: all that the chosen row stands for. */
export async function acknowledgeChosen(): Promise<void> {
  const those = targets.value;
  const [lead] = those;
  if (!lead) return;
  const count = await attempt(lead, "acknowledge", () => acknowledgeAll(those));
  if (count !== null) say(lead, count > 0, count > 0 ? text.value.acknowledged : text.value.nothingCalls);
}

export async function callDepartments(incident: Incident, departments: string[], reason: string): Promise<void> {
  const called = await attempt(incident, "whistle", async () => {
    await whistle(incident, departments, reason, randomId());
    return true;
  });
  if (!called) return;
  form.value = null;
  say(incident, true, text.value.whistle.done);
}

/** When so many minutes are over, as the cloud is told it. */
export function inMinutes(minutes: number): string {
  return new Date(now.peek() + minutes * 60_000 - SLACK_MS).toISOString();
}

/** Put the place and class of its alarm aside for so long. */
export async function shelveFor(incident: Incident, minutes: number, reason: string): Promise<void> {
  const alarm = incident.alarms.find((one) => one.state.active) ?? incident.alarms.at(-1);
  if (!alarm) return;
  const shelved = await attempt(incident, "shelve", () =>
    shelve(alarm, reason, inMinutes(minutes)),
  );
  if (!shelved) return;
  takeAll([{ alarm: shelved }]);
  form.value = null;
  say(incident, true, text.value.shelve.done);
}
