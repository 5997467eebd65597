import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
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
  if (incident.alarms.length === 0) return <div class="reason"><p class="note">{desk.value.shelve.none}</p><Cancel /></div>;
  return (
    <Shelving
      place={named(incident.point.name)} busy={inFlight.value.has(incident.id)} cancel={<Cancel />}
      submit={(minutes, reason) => void shelveFor(incident, minutes, reason)}
    />
  );
}

/** For how long, and why; `cancel`: the way out. */
export function Shelving({ place, busy, cancel, submit }: {
  place: string;
  busy: boolean;
  cancel: ComponentChildren;
  submit: (minutes: number, reason: string) => void;
}) {
  const text = desk.value.shelve;
  const field = useRef<HTMLTextAreaElement>(null);
  const minutes = useSignal<number>(MINUTES[0]);
  const missing = useSignal(false);
  useEffect(() => field.current?.focus(), []);

  function send(event: Event): void {
    event.preventDefault();
    const reason = field.current?.value.trim() ?? "";
    missing.value = reason === "";
    if (reason && !busy) submit(minutes.value, reason);
  }

  return (
    <form class="reason" onSubmit={send}>
      <fieldset disabled={busy}>
        <legend>{text.title}</legend>
        <p class="note">{text.what(place)}</p>
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
          {cancel}
        </div>
      </fieldset>
    </form>
  );
}
