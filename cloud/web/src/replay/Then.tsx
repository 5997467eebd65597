import { selected, opened } from "../state/incidents";
import { quietPoint } from "../state/panes";
import { addressOf } from "../state/route";
import { Facts } from "../wall/Facts";
import { Photos } from "../wall/Photos";
import { Age, StateChip } from "../wall/Row";
import { SeverityMark } from "../wall/SeverityMark";
import { classNamed, named, words } from "../words";
import { actorName, eventDetails, eventName, eventReason } from "../words/events";
import { formatWhen } from "../words/format";
import { at, film } from "./player";
import { text } from "./words";

/** The case chosen, as it was: the wall's own parts, without anything that could be done. */
export function Then() {
  const incident = selected.value;
  const { detail } = words.value;
  return (
    <section class="detail" aria-label={detail.title}>
      <button type="button" class="quiet back" onClick={() => (opened.value = false)}>← {detail.back}</button>
      {incident && !quietPoint.value ? (
        <>
          <div class="detail-head">
            <SeverityMark severity={incident.severity} />
            <h2 class="detail-title" tabIndex={-1}>{classNamed(incident.event_class)}</h2>
            <StateChip state={incident.state} />
            <p class="detail-where">{named(incident.point.name)} <span class="number">{incident.number}</span></p>
            <Age incident={incident} />
          </div>
          <Photos incident={incident} />
          <Facts incident={incident} />
          <Log id={incident.id} />
          <p><a class="button" href={addressOf("case", incident.id)}>{text.value.caseNow}</a></p>
        </>
      ) : (
        <p class="nothing">{text.value.none}</p>
      )}
    </section>
  );
}

/** What had happened to it on this day until then, newest first. */
function Log({ id }: { id: string }) {
  const { locale, states } = words.value;
  const past = (film.value?.changes ?? []).filter(({ stood }) => stood.incident_id === id && Date.parse(stood.at) <= at.value);
  return (
    <section class="timeline" aria-labelledby="then-title">
      <h3 id="then-title">{text.value.then}</h3>
      <ol>
        {past.reverse().map(({ line }) => (
          <li key={line.id} class={`actor-${line.actor.kind}`}>
            <time>{formatWhen(line.at, locale, at.value)}</time>
            <p>
              <b>{eventName(line)}</b> <span>{actorName(line)}</span>
              {line.to_state !== line.from_state && <span class="to"> → {states[line.to_state]}</span>}
              {eventDetails(line, at.value).map((part) => <span key={part} class="more"> · {part}</span>)}
              {eventReason(line) && <q>{eventReason(line)}</q>}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}
