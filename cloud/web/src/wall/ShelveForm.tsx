import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Incident } from "../api/types";
import { inFlight } from "../state/actions";
import { shelveFor } from "../state/desk";
import { named, words } from "../words";
import { Cancel } from "./JudgeForms";
import { text as desk } from "./words";

/** Ends to choose from, in minutes; how long each severity may be, the site's policy says. */
const MINUTES = [15, 60, 240, 480, 1440] as const;

export function ShelveForm({ incident }: { incident: Incident }) {
  const text = desk.value.shelve;
  const field = useRef<HTMLTextAreaElement>(null);
  const minutes = useSignal<number>(MINUTES[0]);
  const missing = useSignal(false);
  const busy = inFlight.value.has(incident.id);
  useEffect(() => field.current?.focus(), []);
  if (incident.alarms.length === 0) return <div class="reason"><p class="note">{text.none}</p><Cancel /></div>;

  function submit(event: Event): void {
    event.preventDefault();
    const reason = field.current?.value.trim() ?? "";
    missing.value = reason === "";
    if (reason && !busy) void shelveFor(incident, minutes.value, reason);
  }

  return (
    <form class="reason" onSubmit={submit}>
      <fieldset disabled={busy}>
        <legend>{text.title}</legend>
        <p class="note">{text.what(named(incident.point.name))}</p>
        <div class="spans" role="group" aria-label={text.until}>
          {MINUTES.map((one) => (
            <button key={one} type="button" class="button" aria-pressed={minutes.value === one} onClick={() => (minutes.value = one)}>
              {one < 60 ? text.minutes(String(one)) : text.hours(String(one / 60))}
            </button>
          ))}
        </div>
        <label class="words">
          <span>{text.reason}</span>
          <textarea ref={field} name="words" rows={2} maxLength={500} />
        </label>
        {missing.value && <p class="fault" role="alert">{text.needs}</p>}
        <div class="action-row">
          <button type="submit" class="button primary">{busy ? words.value.act.working : text.confirm}</button>
          <Cancel />
        </div>
      </fieldset>
    </form>
  );
}
