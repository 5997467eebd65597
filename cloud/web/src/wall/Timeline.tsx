import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { incidentEvents, Refused } from "../api/calls";
import type { Incident, IncidentEvent } from "../api/types";
import { now } from "../state/clock";
import { words } from "../words";
import { actorName, eventDetails, eventName, eventReason } from "../words/events";
import { formatWhen } from "../words/format";

/** What happened, newest first; fetched again whenever the incident changed. */
export function Timeline({ incident }: { incident: Incident }) {
  const events = useSignal<{ of: string; items: readonly IncidentEvent[] } | null>(null);
  const failed = useSignal(false);
  useEffect(() => {
    let stale = false;
    incidentEvents(incident.id).then(
      (items) => {
        if (stale) return;
        failed.value = false;
        events.value = { of: incident.id, items };
      },
      (error: unknown) => {
        if (!(error instanceof Refused)) throw error;
        if (!stale) failed.value = true;
      },
    );
    return () => {
      stale = true;
    };
  }, [incident.id, incident.version]);
  const text = words.value;
  const items = events.value?.of === incident.id ? events.value.items : [];
  return (
    <section class="timeline" aria-labelledby="timeline-title">
      <h3 id="timeline-title">{text.detail.timeline}</h3>
      {failed.value && <p class="fault">{text.detail.timelineFailed}</p>}
      <ol>
        {[...items].reverse().map((event) => (
          <li key={event.id} class={`actor-${event.actor.kind}`}>
            <time>{formatWhen(event.at, text.locale, now.value)}</time>
            <p>
              <b>{eventName(event)}</b> <span>{actorName(event)}</span>
              {event.to_state && event.to_state !== event.from_state && (
                <span class="to"> → {text.states[event.to_state]}</span>
              )}
              {eventDetails(event, now.value).map((part) => <span key={part} class="more"> · {part}</span>)}
              {eventReason(event) && <q>{eventReason(event)}</q>}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}
