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
  const busy = inFlight.value !== null;

  function submit(event: Event): void {
    event.preventDefault();
    if (!form.current || busy) return;
    const fields = new FormData(form.current);
    const parts = [fields.get("choice"), fields.get("words")].map((part) => String(part ?? "").trim()).filter(Boolean);
    missing.value = parts.length === 0;
    if (parts.length > 0) void send(incident, action, parts.join(" · "));
  }

  return (
    <form ref={form} class="reason" onSubmit={submit}>
      <fieldset disabled={busy}>
        <legend>{act.reason(actions[action])}</legend>
        {action === "false_alarm" &&
          act.falseReasons.map((reason) => (
            <label key={reason} class="choice">
              <input type="radio" name="choice" value={reason} /> {reason}
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
