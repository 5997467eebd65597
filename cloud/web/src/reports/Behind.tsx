import { useRef, useState } from "preact/hooks";
import { Refused } from "../api/calls";
import { casesBehind, type Counted, type CountedPage, type Figure, type IndexQuery, type Part } from "../api/reports";
import { useLoaded } from "../office/asking";
import { areaNamed } from "../office/places";
import { Fault, Frame } from "../office/Sheet";
import { text as shared } from "../office/words";
import { now } from "../state/clock";
import { organisationNamed } from "../state/organisations";
import { personNamed } from "../state/people";
import { addressOf } from "../state/route";
import { classNamed, words } from "../words";
import { formatAge, formatNumber, formatWhen } from "../words/format";
import { text } from "./words";

const PAGE = 50;

/** The cases that a figure is made of: as many as its numerator or its denominator. */
export function Behind({ index, part, query, onPart }: {
  index: Figure;
  part: Part;
  query: IndexQuery;
  onPart: (part: Part) => void;
}) {
  const { by: _, ...filters } = query;
  const first = useLoaded(() => casesBehind(index.code, { ...filters, part, limit: PAGE }), [JSON.stringify(query), part]);
  const [after, setAfter] = useState<readonly CountedPage[]>([]);
  const [failed, setFailed] = useState<Refused | null>(null);
  const busy = useRef(false);
  const { locale } = words.value;
  const pages = first.value ? [first.value, ...after] : [];
  const items = pages.flatMap((one) => one.items);
  const last = pages.at(-1)?.next ?? null;
  const parts: readonly Part[] = index.how === "seconds" ? ["denominator"] : ["denominator", "numerator"];

  async function more(): Promise<void> {
    if (busy.current || last === null) return;
    busy.current = true;
    try {
      const next = await casesBehind(index.code, { ...filters, part, limit: PAGE, cursor: last });
      setAfter((before) => [...before, next]);
      setFailed(null);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setFailed(error);
    } finally {
      busy.current = false;
    }
  }

  return (
    <section class="behind" aria-labelledby="behind-title">
      <div class="row-tools">
        <h4 id="behind-title">{text.value.cases}</h4>
        <div class="tabs" role="group" aria-label={text.value.cases}>
          {parts.map((one) => (
            <button key={one} type="button" class="button" aria-pressed={one === part} onClick={() => onPart(one)}>
              {text.value.which[one]} {formatNumber(index[one], locale)}
            </button>
          ))}
        </div>
        <span class="note listed" role="status">
          {first.value && text.value.listed(formatNumber(items.length, locale), formatNumber(index[part], locale))}
        </span>
      </div>
      <Fault refused={first.refused ?? failed} again={first.again} />
      {items.length > 0 && (
        <Frame label={text.value.cases}>
          <table class="sheet">
            <thead>
              <tr>
                {(["number", "kind", "where", "at", "hit", "who"] as const).map((one) => <th key={one} scope="col">{text.value.caseColumns[one]}</th>)}
              </tr>
            </thead>
            <tbody>{items.map((one, at) => <Line key={`${one.incident_id} ${at}`} one={one} index={index} />)}</tbody>
          </table>
        </Frame>
      )}
      {last !== null && <button type="button" class="button" onClick={() => void more()}>{shared.value.more}</button>}
    </section>
  );
}

function Line({ one, index }: { one: Counted; index: Figure }) {
  const { locale } = words.value;
  const good = index.how === "lower" ? !one.hit : one.hit;
  const said = index.how === "higher" ? (one.hit ? text.value.hit : text.value.missed) : one.hit ? text.value.counted : text.value.notCounted;
  return (
    <tr>
      <th scope="row" class="nowrap"><a href={addressOf("case", one.incident_id)}>{one.number}</a></th>
      <td>{classNamed(one.event_class)}</td>
      <td>{areaNamed(one.grid ?? one.community)}</td>
      <td class="nowrap"><time dateTime={one.at}>{formatWhen(one.at, locale, now.value)}</time></td>
      <td class="nowrap">
        {index.how === "seconds" ? formatAge((one.seconds ?? 0) * 1000, locale) : (
          <span class={index.how === "plain" ? "" : good ? "good" : "bad"}>{one.hit ? "●" : "○"} {said}</span>
        )}
      </td>
      <td>{one.organisation ? organisationNamed(one.organisation) : one.person && personNamed(one.person)}</td>
    </tr>
  );
}
