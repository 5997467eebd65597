import { useEffect, useRef } from "preact/hooks";
import type { Incident } from "../api/types";
import { now } from "../state/clock";
import { loaded, select, selectedId, shelf, shown, waiting } from "../state/incidents";
import { isFinished, isInhibited, isWaiting } from "../state/order";
import { classNamed, named, words } from "../words";
import { formatAge, formatNumber, unitSign } from "../words/format";
import { SeverityMark } from "./SeverityMark";

export function IncidentList() {
  const text = words.value.list;
  const rows = shown.value;
  const split = shelf.value === "open" ? waiting.value.length : 0;
  return (
    <section class="list" aria-labelledby="list-title">
      <div class="list-head">
        <h2 id="list-title">{text.title}</h2>
        <div class="shelves" role="group" aria-labelledby="list-title">
          <button type="button" aria-pressed={shelf.value === "open"} onClick={() => (shelf.value = "open")}>
            {text.open}
          </button>
          <button type="button" aria-pressed={shelf.value === "finished"} onClick={() => (shelf.value = "finished")}>
            {text.closed}
          </button>
        </div>
      </div>
      <div class="list-rows">
        {rows.length === 0 && (
          <p class="nothing">
            {loaded.value ? (shelf.value === "open" ? text.empty : text.emptyClosed) : text.loading}
          </p>
        )}
        {split > 0 && <Shelf heading={text.waiting(split)} rows={rows.slice(0, split)} urgent />}
        {rows.length > split && (
          <Shelf
            heading={shelf.value === "open" ? text.rest(rows.length - split) : text.done(rows.length)}
            rows={rows.slice(split)}
          />
        )}
      </div>
    </section>
  );
}

function Shelf({ heading, rows, urgent = false }: { heading: string; rows: readonly Incident[]; urgent?: boolean }) {
  return (
    <>
      <h3 class={urgent ? "shelf urgent" : "shelf"}>{heading}</h3>
      <ol>
        {rows.map((incident) => (
          <li key={incident.id}>
            <Row incident={incident} />
          </li>
        ))}
      </ol>
    </>
  );
}

function Row({ incident }: { incident: Incident }) {
  const inhibited = isInhibited(incident);
  const current = selectedId.value === incident.id;
  const button = useRef<HTMLButtonElement>(null);
  const text = words.value;
  useEffect(() => {
    if (current) button.current?.scrollIntoView({ block: "nearest" });
  }, [current]);
  return (
    <button
      type="button"
      ref={button}
      class={`row severity-${incident.severity}${isWaiting(incident) ? " waiting" : ""}${inhibited ? " inhibited" : ""}`}
      aria-current={current}
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
          {incident.count != null && incident.count > 1 && <i>{text.list.count(String(incident.count))}</i>}
        </b>
        <span>
          {named(incident.point.name)}
          {incident.area.grid && ` · ${named(incident.area.grid.name)}`}
        </span>
      </span>
      <span class="row-when">
        <Age incident={incident} />
        <StateChip state={incident.state} />
      </span>
    </button>
  );
}

/** The photo, or what the sensor measured. */
function Thumb({ incident }: { incident: Incident }) {
  const { measured, thumbnail_url: photo } = incident;
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
