import { useEffect, useRef, useState } from "preact/hooks";
import { Refused } from "../api/calls";
import { type Clocks, clocksOf, ledgerFile, ledgerPage, type LedgerPage, type LedgerQuery } from "../api/ledger";
import { useLoaded } from "../office/asking";
import { asked, type Filters, goWith, spanOf } from "../office/filters";
import { instantsOf } from "../office/period";
import { Narrow } from "../office/Narrow";
import { PeriodPicker } from "../office/PeriodPicker";
import { AreaPick, ClassPick, Pick, SourcePick } from "../office/Pick";
import { needPlaces } from "../office/places";
import { Fault, Sheet } from "../office/Sheet";
import { text as shared } from "../office/words";
import { now } from "../state/clock";
import { SEVERITIES } from "../state/order";
import { knownOrganisations } from "../state/organisations";
import { named, words } from "../words";
import { formatNumber } from "../words/format";
import "../look/ledger.css";
import { Rows } from "./Rows";
import { text } from "./words";

const PAGE = 50;
const OPEN_STATES = ["detected", "verifying", "accepted", "filed", "dispatched", "in_progress", "resolved", "checking", "suspended"] as const;
const ENDED = ["closed", "evaluated", "rejected", "void", "false_alarm"] as const;

/** 台账: every case, by whatever it is looked for. */
export function Ledger() {
  useEffect(needPlaces, []);
  const { filters } = asked();
  const span = spanOf(filters, new Date(now.peek()));
  const pick = (change: Filters): void => goWith("ledger", [], { ...span, ...filters, ...change });
  const query = queryOf(filters);
  const key = JSON.stringify(query);
  const first = useLoaded(() => loadPage(query), [key]);
  const words_ = text.value;
  return (
    <Sheet name="ledger-page" title={words_.title} tools={<Exports query={query} />}>
      <Narrow>
        <PeriodPicker span={span} onPick={(one) => pick({ ...one })} />
        <Pick label={words_.state} value={filters["state"] ?? ""} all={shared.value.all} choices={states()} onPick={(state) => pick({ state })} />
        <Pick
          label={words_.severity} value={filters["severity"] ?? ""} all={shared.value.all}
          choices={SEVERITIES.map((one) => ({ value: one, title: words_.severities[one] }))} onPick={(severity) => pick({ severity })}
        />
        <AreaPick value={filters["area"] ?? ""} onPick={(area) => pick({ area })} />
        <ClassPick value={filters["event_class"] ?? ""} onPick={(event_class) => pick({ event_class })} />
        <SourcePick value={filters["source"] ?? ""} onPick={(source) => pick({ source })} />
        <Pick
          label={words_.givenTo} value={filters["given_to"] ?? ""} all={shared.value.all}
          choices={knownOrganisations().map(([value, name]) => ({ value, title: named(name) }))} onPick={(given_to) => pick({ given_to })}
        />
        <label>
          <span>{words_.number}</span>
          <input
            type="search" inputMode="numeric" placeholder={words_.numberHint} defaultValue={filters["number"] ?? ""} key={filters["number"] ?? ""}
            maxLength={40} onChange={(event) => pick({ number: event.currentTarget.value.trim() })}
          />
        </label>
        <button type="button" class="button aside" onClick={() => goWith("ledger", [], { ...span })}>{words_.clear}</button>
      </Narrow>
      <Fault refused={first.refused} again={first.again} />
      {first.value ? <Found key={key} first={first.value} query={query} /> : first.loading && <p class="nothing">{shared.value.loading}</p>}
    </Sheet>
  );
}

function queryOf(filters: Filters): LedgerQuery {
  const span = spanOf(filters, new Date(now.peek()));
  const { state, severity, area, event_class, source, given_to, number } = filters;
  const given = Object.entries({ state, severity, area, event_class, source, given_to, number }).filter(([, value]) => value);
  // What stands in an address is checked by the cloud, which says what is wrong.
  return { ...instantsOf(span), cases: "opened", ...Object.fromEntries(given) };
}

function states() {
  const { states: names } = words.value;
  const one = (value: keyof typeof names) => ({ value, title: names[value] });
  return [
    { value: "open", title: text.value.states.open }, ...OPEN_STATES.map(one),
    { value: "closed", title: text.value.states.closed }, ...ENDED.map(one),
  ];
}

function Exports({ query }: { query: LedgerQuery }) {
  return (
    <>
      {(["xlsx", "csv"] as const).map((form) => (
        <a key={form} class="button" href={ledgerFile(form, query)} download title={text.value.exportHint}>{text.value.exports[form]}</a>
      ))}
    </>
  );
}

type Shown = LedgerPage & { clocks: ReadonlyMap<string, Clocks> };

async function loadPage(query: LedgerQuery): Promise<Shown> {
  const page = await ledgerPage({ ...query, limit: PAGE });
  const open = page.items.filter((one) => one.closed_at === null).map((one) => one.id);
  const clocks = open.length > 0 ? await clocksOf(open) : [];
  return { ...page, clocks: new Map(clocks.map((one) => [one.incident_id, one])) };
}

function Found({ first, query }: { first: Shown; query: LedgerQuery }) {
  const [after, setAfter] = useState<Shown[]>([]);
  const [failed, setFailed] = useState<Refused | null>(null);
  const busy = useRef(false);
  const pages = [first, ...after];
  const last = pages.at(-1)?.next ?? null;
  const items = pages.flatMap((one) => one.items);
  const clocks = new Map(pages.flatMap((one) => [...one.clocks]));
  const { locale } = words.value;

  async function more(): Promise<void> {
    if (busy.current || last === null) return;
    busy.current = true;
    try {
      const next = await loadPage({ ...query, cursor: last });
      setAfter((before) => [...before, next]);
      setFailed(null);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setFailed(error);
    } finally {
      busy.current = false;
    }
  }

  const count = formatNumber(first.count, locale);
  return (
    <>
      <p class="count" role="status">
        {first.more ? text.value.counted(count) : text.value.count(count)}{" "}
        {items.length < first.count && <small>{text.value.shown(formatNumber(items.length, locale))}</small>}
      </p>
      {items.length === 0 ? (
        <p class="nothing">{text.value.none}<small>{text.value.noneHint}</small></p>
      ) : (
        <Rows items={items} clocks={clocks} />
      )}
      <Fault refused={failed} />
      {last !== null && <button type="button" class="button" onClick={() => void more()}>{shared.value.more}</button>}
    </>
  );
}
