import type { Clocks, LedgerRow } from "../api/ledger";
import { now } from "../state/clock";
import { organisationNamed } from "../state/organisations";
import { personNamed } from "../state/people";
import { points } from "../state/places";
import { addressOf } from "../state/route";
import { Frame } from "../office/Sheet";
import { classNamed, named, words } from "../words";
import { formatWhen } from "../words/format";
import { SeverityMark } from "../wall/SeverityMark";
import { Light } from "./Light";
import { lightOf } from "./lights";
import { text } from "./words";

/** Cases, a row each; the number leads to the case. */
export function Rows({ items, clocks }: { items: readonly LedgerRow[]; clocks: ReadonlyMap<string, Clocks> }) {
  const { columns } = text.value;
  return (
    <Frame label={text.value.title}>
      <table class="sheet ledger-sheet">
        <thead>
          <tr>
            <th scope="col"><span class="unseen">{text.value.severity}</span></th>
            <th scope="col">{columns.number}</th>
            <th scope="col">{columns.state}</th>
            <th scope="col">{columns.due}</th>
            <th scope="col">{columns.kind}</th>
            <th scope="col">{columns.where}</th>
            <th scope="col">{columns.who}</th>
            <th scope="col">{columns.opened}</th>
            <th scope="col">{columns.closed}</th>
          </tr>
        </thead>
        <tbody>{items.map((one) => <Row key={one.id} one={one} clocks={clocks.get(one.id)} />)}</tbody>
      </table>
    </Frame>
  );
}

function Row({ one, clocks }: { one: LedgerRow; clocks: Clocks | undefined }) {
  const { states, facts, locale } = words.value;
  const lit = lightOf(clocks);
  const point = points.value.find((each) => each.properties.id === one.point)?.properties.name;
  const when = (at: string) => formatWhen(at, locale, now.value);
  return (
    <tr>
      <td><SeverityMark severity={one.severity} /></td>
      <th scope="row" class="nowrap"><a href={addressOf("case", one.id)}>{one.number}</a></th>
      <td><span class={`chip chip-${one.state}`}>{states[one.state]}</span></td>
      <td class="sheet-due">{lit && <Light lit={lit} />}</td>
      <td class="sheet-where">{classNamed(one.event_class)} <small>{facts.sources[one.source]}</small></td>
      <td class="sheet-where">
        {[one.community, one.grid].filter((area) => area !== null).map((area) => named(area.name)).join(" · ")}
        {point && <small> {named(point)}</small>}
      </td>
      <td class="sheet-who">{one.organisation && organisationNamed(one.organisation)} {one.handler && <small>{personNamed(one.handler)}</small>}</td>
      <td class="nowrap sheet-when"><time dateTime={one.opened_at}>{when(one.opened_at)}</time></td>
      <td class="nowrap sheet-when">{one.closed_at && <time dateTime={one.closed_at}>{when(one.closed_at)}</time>}</td>
    </tr>
  );
}
