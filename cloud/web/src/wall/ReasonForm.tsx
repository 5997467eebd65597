import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Action, Incident } from "../api/types";
import { asking, inFlight } from "../state/actions";
import { about, stepAll } from "../state/desk";
import { words } from "../words";

/** Asks why. */
export function ReasonForm({ incident, action }: { incident: Incident; action: Action }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const missing = useSignal(false);
  useEffect(() => field.current?.focus(), []);
  const { act, actions } = words.value;
  const busy = inFlight.value.has(incident.id);

  function submit(event: Event): void {
    event.preventDefault();
    const reason = field.current?.value.trim() ?? "";
    missing.value = reason === "";
    if (reason && !busy) void stepAll(about.value, action, reason);
  }

  return (
    <form class="reason" onSubmit={submit}>
      <fieldset disabled={busy}>
        <legend>{act.reason(actions[action])}</legend>
        <label class="words">
          <span>{act.otherReason}</span>
          <textarea ref={field} name="words" rows={2} maxLength={500} />
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
