import { classNameOf, judgedClass } from "../state/classes";
import { opened, selected } from "../state/incidents";
import { isInhibited, isWaiting } from "../state/order";
import { quietPoint } from "../state/panes";
import { points } from "../state/places";
import { classNamed, named, words } from "../words";
import { Actions } from "./Actions";
import { Care } from "../nodes/Care";
import { Facts } from "./Facts";
import { Age, StateChip } from "./Row";
import { hasNow, Now, useStills } from "./Now";
import { Photos } from "./Photos";
import { PlaceHistory } from "./PlaceHistory";
import { PointCard } from "./PointCard";
import { SeverityMark } from "./SeverityMark";
import { Sop } from "./Sop";
import { Timeline } from "./Timeline";
import { Ways } from "./Ways";
import { text as desk } from "./words";

export function Detail() {
  const incident = selected.value;
  const text = words.value;
  useStills();
  const judged = incident && judgedClass(incident);
  const point = points.value.find((one) => one.properties.id === quietPoint.value);
  return (
    <section class="detail" aria-label={text.detail.title}>
      <button type="button" class="quiet back" onClick={() => (opened.value = false)}>← {text.detail.back}</button>
      {point ? (
        <PointCard point={point.properties} />
      ) : incident ? (
        <>
          <div class="detail-head">
            <SeverityMark severity={incident.severity} />
            <h2 class="detail-title" tabIndex={-1}>{classNamed(incident.event_class)}</h2>
            <StateChip state={incident.state} />
            <p class="detail-where">
              {named(incident.point.name)} <span class="number">{incident.number}</span>
            </p>
            <Age incident={incident} />
            {judged && <p class="detail-judged">{desk.value.judgedAs(classNameOf(judged))}</p>}
          </div>
          {isInhibited(incident) && <p class="inhibited-note">{text.detail.inhibited}</p>}
          <Photos incident={incident} now={hasNow(incident) && <Now key={incident.id} incident={incident} />} />
          <Actions incident={incident} />
          {isWaiting(incident) && incident.alarms.length > 0 && <PlaceHistory incident={incident} />}
          <Care incident={incident} />
          <Ways incident={incident} />
          <Sop incident={incident} />
          <Facts incident={incident} />
          <Timeline incident={incident} />
        </>
      ) : (
        <p class="nothing">
          {text.detail.none}
          <small>{text.detail.noneHint}</small>
        </p>
      )}
    </section>
  );
}
