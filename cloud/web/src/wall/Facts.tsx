import type { ComponentChildren } from "preact";
import type { Incident } from "../api/types";
import { now } from "../state/clock";
import { isInhibited } from "../state/order";
import { organisationNamed } from "../state/organisations";
import { personNamed } from "../state/people";
import { deviceNamed, isCamera, isNode } from "../state/places";
import { labelled, named, words } from "../words";
import { formatAge, formatNumber, formatPercent, formatQuantity, formatWhen } from "../words/format";

export function Facts({ incident }: { incident: Incident }) {
  const { facts, list, condition, locale, timeline } = words.value;
  const alarm = incident.alarms[0];
  const parts = alarm?.parts ?? [];
  const { measured, area: { grid, community } } = incident;
  const seen = isCamera(incident.camera);
  const end = incident.seen_gone_at ?? incident.closed_at;
  const lasted = formatAge((end ? Date.parse(end) : now.value) - Date.parse(incident.since), locale);
  const standing = isInhibited(incident) ? "inhibited" : incident.condition?.state;
  const when = (iso: string): string => formatWhen(iso, locale, now.value);
  return (
    <section class="facts" aria-label={facts.number}>
      <dl>
        <Fact name={facts.now} wide>
          {incident.condition && (
            <>
              <b class={`condition condition-${alarm?.ended ? "held" : standing}`}>
                {alarm?.ended ? facts.ended[alarm.ended] : standing && condition[standing]}
              </b>{" "}
              <time>{when(incident.condition.changed_at)}</time>
            </>
          )}
        </Fact>
        <Fact name={facts.says} wide>
          {alarm && alarm.hints.length > 0 && alarm.hints.map((hint) => facts.hints[hint]).join(" · ")}
        </Fact>
        <Fact name={facts.parts} wide>
          {parts.length > 0 &&
            parts.map(({ condition_id: id, device, label, measured: value }) => (
              <div key={id}>
                {labelled(label)}
                {value && <> <b>{formatQuantity(value.value, value.unit, locale)}</b></>} <small>{device}</small>
              </div>
            ))}
        </Fact>
        <Fact name={facts.clip} wide>{alarm?.no_clip && facts.stillsOnly}</Fact>
        <Fact name={facts.since}>{incident.at_least ? facts.atLeast(when(incident.since)) : when(incident.since)}</Fact>
        <Fact name={facts.lasted}>{lasted}</Fact>
        <Fact name={facts.point}>{named(incident.point.name)} <small>{incident.point.id}</small></Fact>
        <Fact name={facts.grid}>
          {grid && <>{named(grid.name)} <small>{grid.id}</small></>}
        </Fact>
        <Fact name={facts.community}>{community && named(community.name)}</Fact>
        <Fact name={facts.class}>{named(incident.event_class.name)} <small>{incident.event_class.code}</small></Fact>
        <Fact name={seen ? facts.camera : isNode(incident.camera) ? facts.node : facts.sensor}>
          {incident.camera && <>{deviceNamed(incident.camera)} <small>{incident.camera}</small></>}
        </Fact>
        <Fact name={seen ? facts.label : facts.quantity}>
          {incident.suspected && <>{list.suspected} · </>}
          {labelled(incident.label)}
          {seen && alarm && <> · {facts.score} {formatPercent(alarm.score, locale)}</>}
        </Fact>
        <Fact name={facts.count}>
          {incident.count != null &&
            (incident.count_error == null
              ? formatNumber(incident.count, locale)
              : facts.counted(formatNumber(incident.count, locale), formatNumber(incident.count_error, locale)))}
        </Fact>
        <Fact name={facts.measured}>
          {measured && (
            <>
              <b>{formatQuantity(measured.value, measured.unit, locale)}</b>{" "}
              <small>{facts.limit(formatQuantity(measured.limit, measured.unit, locale))}</small>
            </>
          )}
        </Fact>
        <Fact name={facts.source}>{incident.source !== "edge" && facts.sources[incident.source]}</Fact>
        <Fact name={facts.level}>{timeline.level[incident.level]}</Fact>
        <Fact name={facts.organisation}>{incident.organisation && organisationNamed(incident.organisation)}</Fact>
        <Fact name={facts.handler}>{incident.handler && personNamed(incident.handler)}</Fact>
        <Fact name={facts.description} wide>{incident.description}</Fact>
        <Fact name={facts.opened}>{when(incident.opened_at)}</Fact>
        <Fact name={facts.gone}>{incident.seen_gone_at && when(incident.seen_gone_at)}</Fact>
        <Fact name={facts.closed}>{incident.closed_at && when(incident.closed_at)}</Fact>
        <Fact name={facts.alarms}>{incident.alarms_total > 1 && formatNumber(incident.alarms_total, locale)}</Fact>
      </dl>
    </section>
  );
}

/** One fact; nothing at all when there is nothing to say. */
function Fact({ name, wide = false, children }: { name: string; wide?: boolean; children: ComponentChildren }) {
  if (children == null || children === false || children === "") return null;
  return (
    <div class={wide ? "wide" : ""}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
