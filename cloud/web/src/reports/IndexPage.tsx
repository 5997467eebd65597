import { type By, type Figure, indices, type IndexQuery } from "../api/reports";
import { useLoaded } from "../office/asking";
import { asked, type Filters, goWith, spanOf } from "../office/filters";
import { instantsOf } from "../office/period";
import { Narrow } from "../office/Narrow";
import { PeriodPicker } from "../office/PeriodPicker";
import { AreaPick, ClassPick, SourcePick } from "../office/Pick";
import { Fault, Frame } from "../office/Sheet";
import { text as shared } from "../office/words";
import { now } from "../state/clock";
import { named, words } from "../words";
import { formatNumber, formatWhen } from "../words/format";
import { Drill } from "./Drill";
import { Grade } from "./Grade";
import { valueOf } from "./values";
import { text } from "./words";

/** All indices of a span of time; of the one chosen what is behind it. */
export function IndexPage({ code }: { code: string | undefined }) {
  const { filters } = asked();
  const span = spanOf(filters, new Date(now.peek()));
  const pick = (change: Filters): void => goWith("reports", code ? [code] : [], { ...span, ...filters, ...change });
  const query = queryOf(filters);
  const found = useLoaded(() => indices(query), [JSON.stringify(query)]);
  const { locale } = words.value;
  const chosen = found.value?.items.find((one) => one.code === code);
  return (
    <>
      <Narrow>
        <PeriodPicker span={span} onPick={(one) => pick({ ...one })} />
        <AreaPick value={filters["area"] ?? ""} onPick={(area) => pick({ area })} />
        <ClassPick value={filters["event_class"] ?? ""} onPick={(event_class) => pick({ event_class })} />
        <SourcePick value={filters["source"] ?? ""} onPick={(source) => pick({ source })} />
      </Narrow>
      <Fault refused={found.refused} again={found.again} />
      {!found.value && found.loading && <p class="nothing">{shared.value.loading}</p>}
      {found.value && (
        <>
          <p class="note">{text.value.asOf(formatWhen(found.value.ends, locale, now.value))}</p>
          {found.value.behind > 0 && <p class="note middling" role="status">{text.value.behind(formatNumber(found.value.behind, locale))}</p>}
          <div class="indices">
            <Table items={found.value.items} chosen={code} onPick={(one) => goWith("reports", [one], { ...span, ...filters })} />
            {chosen ? (
              <Drill
                key={chosen.code} index={chosen} groups={found.value.groups} query={query} filters={filters}
                onFilter={pick} onClose={() => goWith("reports", [], { ...span, ...filters })}
              />
            ) : (
              <p class="nothing">{text.value.pick}</p>
            )}
          </div>
        </>
      )}
    </>
  );
}

function queryOf(filters: Filters): IndexQuery {
  const { area, event_class, source, by } = filters;
  const given = Object.entries({ area, event_class, source, by: by as By | undefined }).filter(([, value]) => value);
  return { ...instantsOf(spanOf(filters, new Date(now.peek()))), ...Object.fromEntries(given) };
}

function Table({ items, chosen, onPick }: { items: readonly Figure[]; chosen: string | undefined; onPick: (code: string) => void }) {
  const { columns } = text.value;
  const { locale } = words.value;
  return (
    <Frame label={text.value.parts.indices}>
      <table class="sheet index-sheet">
        <thead>
          <tr>
            <th scope="col">{columns.name}</th>
            <th scope="col" class="figure">{columns.value}</th>
            <th scope="col" class="figure">{columns.counted}</th>
            <th scope="col">{columns.grade}</th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr key={one.code} data-chosen={one.code === chosen} data-code={one.code}>
              <th scope="row">
                <button type="button" class="link" aria-current={one.code === chosen} onClick={() => onPick(one.code)}>{named(one.name)}</button>
              </th>
              <td class="figure"><b>{valueOf(one, locale)}</b></td>
              <td class="figure">
                {one.how === "seconds" ? formatNumber(one.denominator, locale) : `${formatNumber(one.numerator, locale)} / ${formatNumber(one.denominator, locale)}`}
              </td>
              <td><Grade figure={one} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </Frame>
  );
}
