import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Action, Incident } from "../api/types";
import { asking, inFlight, send } from "../state/actions";
import { words } from "../words";

/** Asks why: a ready reason, own words, or both. */
export function ReasonForm({ incident, action }: { incident: Incident; action: Action }) {
  const form = useRef<HTMLFormElement>(null);
  const missing = useSignal(false);
  useEffect(() => form.current?.querySelector<HTMLElement>("input, textarea")?.focus(), []);
  const { act, actions } = words.value;
  const busy = inFlight.value.has(incident.id);

  function submit(event: Event): void {
    event.preventDefault();
    if (!form.current || busy) return;
    const fields = new FormData(form.current);
    const parts = [fields.get("choice"), fields.get("words")].map((part) => String(part ?? "").trim()).filter(Boolean);
    missing.value = parts.length === 0;
    if (parts.length > 0) void send(incident, action, parts.join(" · "));
  }

  /** The figures pick a ready reason, unless somebody is writing. */
  function pick(event: KeyboardEvent): void {
    const figure = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
    if (!figure || event.target instanceof HTMLTextAreaElement) return;
    const choice = form.current?.querySelectorAll<HTMLInputElement>("input[name=choice]")[Number(figure) - 1];
    choice?.focus();
    if (choice) choice.checked = true;
  }

  return (
    <form ref={form} class="reason" onSubmit={submit} onKeyDown={pick}>
      <fieldset disabled={busy}>
        <legend>{act.reason(actions[action])}</legend>
        {action === "false_alarm" &&
          act.falseReasons.map((reason, at) => (
            <label key={reason} class="choice">
              <input type="radio" name="choice" value={reason} /> {reason} <kbd aria-hidden="true">{at + 1}</kbd>
            </label>
          ))}
        <label class="words">
          <span>{act.otherReason}</span>
          <textarea name="words" rows={2} maxLength={500} />
        </label>
        {missing.value && <p class="fault" role="alert">{act.reasonNeeded}</p>}
        <div class="action-row">
          <button type="submit" class="button primary">{busy ? act.working : act.confirm(actions[action])}</button>
          <button type="button" class="button" onClick={() => (asking.value = null)}>{act.cancel}</button>
        </div>
      </fieldset>
    </form>
  );
}
