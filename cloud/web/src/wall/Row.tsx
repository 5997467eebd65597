import type { Incident } from "../api/types";
import { classNameOf, judgedClass } from "../state/classes";
import { now } from "../state/clock";
import { type Row as Line, select, selectedRow } from "../state/incidents";
import { pressing } from "../state/lights";
import { isFinished, isInhibited, isWaiting } from "../state/order";
import { seesPictures } from "../state/session";
import { isCalling } from "../sound/ringing";
import { classNamed, named, words } from "../words";
import { formatAge, formatNumber, unitSign } from "../words/format";
import { SeverityMark } from "./SeverityMark";
import { text as desk } from "./words";

export function Row({ row }: { row: Line }) {
  const { incident, size, under } = row;
  const inhibited = isInhibited(incident);
  const judged = judgedClass(incident);
  const text = words.value;
  const looks = [
    "row", `severity-${incident.severity}`, isWaiting(incident) && "waiting", inhibited && "inhibited",
    isCalling(incident) && "calling", under && "under", size > 1 && "fold",
  ];
  return (
    <button
      type="button"
      class={looks.filter(Boolean).join(" ")}
      aria-current={selectedRow.value?.incident.id === incident.id}
      aria-expanded={size > 1 ? row.all.length === 1 : undefined}
      onClick={() => select(incident.id, true)}
    >
      <SeverityMark severity={incident.severity} />
      <Thumb incident={incident} />
      <span class="row-what">
        <b>
          {inhibited && <em>{text.list.inhibited}</em>}
          {incident.suspected && <em>{text.list.suspected}</em>}
          {incident.history && <em>{text.list.history}</em>}
          <span>{classNamed(incident.event_class)}</span>
          {judged && <em class="judged">{desk.value.judgedAs(classNameOf(judged))}</em>}
          {incident.count != null && incident.count > 1 && <i>{text.list.count(String(incident.count))}</i>}
        </b>
        <span>
          {size > 1 && (
            <span class="folded">{desk.value.folded(formatNumber(size, text.locale), row.all.length === 1)}</span>
          )}
          {named(incident.point.name)}
          {incident.area.grid && ` · ${named(incident.area.grid.name)}`}
        </span>
      </span>
      <span class="row-when">
        <Age incident={incident} />
        <span class="row-state"><Light incident={incident} /><StateChip state={incident.state} /></span>
      </span>
    </button>
  );
}

/** How its clock stands: a shape and a colour, with its words for who cannot see them. */
function Light({ incident }: { incident: Incident }) {
  const found = pressing(incident);
  if (!found || isFinished(incident)) return null;
  const name = desk.value.lights[found.light];
  return <span class={`light light-${found.light}`} role="img" aria-label={name} title={name} />;
}

/** The photo; of what a sensor measured the value, in figures that are seen from afar. */
function Thumb({ incident }: { incident: Incident }) {
  const { measured } = incident;
  const photo = seesPictures() ? incident.thumbnail_url : null;
  return (
    <span class={photo ? "thumb" : "thumb figure"}>
      {photo ? (
        <img src={photo} alt="" loading="lazy" />
      ) : (
        measured ? (
          <>
            <b>{formatNumber(measured.value, words.value.locale)}</b>
            <small>{unitSign(measured.unit)}</small>
          </>
        ) : (
          <small>{photoless(incident)}</small>
        )
      )}
    </span>
  );
}

/** Of a photo that is not there: whether it may still come. */
function photoless(incident: Incident): string {
  const { list } = words.value;
  if (!seesPictures()) return "";
  if (incident.evidence_lost.includes("present")) return list.photoLost;
  return incident.evidence_due ? list.photoDue : "";
}

/** How long it has lasted, ticking; stands still once it is finished. */
export function Age({ incident }: { incident: Incident }) {
  const { list, locale } = words.value;
  const end = isFinished(incident) ? Date.parse(incident.closed_at ?? incident.updated_at) : now.value;
  return (
    <span class="age">
      <span class="unseen">{list.age} </span>
      {incident.at_least && <small>{list.atLeast} </small>}
      {formatAge(end - Date.parse(incident.since), locale)}
    </span>
  );
}

export function StateChip({ state }: { state: Incident["state"] }) {
  return <span class={`chip chip-${state}`}>{words.value.states[state]}</span>;
}
