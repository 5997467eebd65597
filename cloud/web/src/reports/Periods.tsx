import { type Kind, periodReports } from "../api/reports";
import { useLoaded } from "../office/asking";
import { Fault, Frame, Tabs } from "../office/Sheet";
import { text as shared } from "../office/words";
import { now } from "../state/clock";
import { addressOf, go } from "../state/route";
import { words } from "../words";
import { formatDay, formatWhen } from "../words/format";
import { KINDS, periodNamed } from "./periods";
import { PeriodSheet } from "./PeriodSheet";
import { text } from "./words";

/** The reports of weeks, half-months and months; or one of them. */
export function Periods({ kind, period }: { kind: string | undefined; period: string | undefined }) {
  const chosen = KINDS.find((one) => one === kind) ?? "week";
  if (period) return <PeriodSheet key={`${chosen} ${period}`} kind={chosen} period={period} />;
  return (
    <>
      <Tabs
        tabs={KINDS.map((name) => ({ name, title: text.value.kinds[name] }))} shown={chosen} label={text.value.parts.periods}
        onPick={(name) => go("reports", "periods", name)}
      />
      <List key={chosen} kind={chosen} />
    </>
  );
}

function List({ kind }: { kind: Kind }) {
  const found = useLoaded(() => periodReports(kind), [kind]);
  const { locale } = words.value;
  return (
    <>
      <Fault refused={found.refused} again={found.again} />
      {!found.value && found.loading && <p class="nothing">{shared.value.loading}</p>}
      {found.value?.length === 0 && <p class="nothing">{text.value.noReports}</p>}
      {found.value && found.value.length > 0 && (
        <Frame label={text.value.kinds[kind]}>
          <table class="sheet">
            <tbody>
              {found.value.map((one) => (
                <tr key={one.period}>
                  <th scope="row"><a href={addressOf("reports", "periods", kind, one.period)}>{periodNamed(kind, one.period)}</a></th>
                  <td>{text.value.span(formatDay(new Date(one.begins), locale), formatDay(new Date(Date.parse(one.ends) - 1), locale))}</td>
                  <td><small>{text.value.made(formatWhen(one.made_at, locale, now.value))}</small></td>
                </tr>
              ))}
            </tbody>
          </table>
        </Frame>
      )}
    </>
  );
}
