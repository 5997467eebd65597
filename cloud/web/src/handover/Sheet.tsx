import type { ComponentChildren } from "preact";
import type { Head, Lists } from "../api/duty";
import { classNameOf } from "../state/classes";
import { now } from "../state/clock";
import { organisationNamed } from "../state/organisations";
import { personNamed } from "../state/people";
import { grids, placeNamed, points } from "../state/places";
import { text as seatNames } from "../seat/words";
import { addressOf } from "../state/route";
import { SeverityMark } from "../wall/SeverityMark";
import { named, words } from "../words";
import { formatMoment, formatNumber } from "../words/format";
import { text } from "./words";

/** What a shift gives to the next, as it is signed and printed. */
export function Sheet({ head, lists, notes }: {
  head: Pick<Head, "seat"> & Partial<Head>;
  lists: Lists;
  notes: string | null;
}) {
  const say = text.value;
  const { locale } = words.value;
  const many = (items: readonly unknown[]): string => formatNumber(items.length, locale);
  const late = lists.open.filter((one) => one.late);
  const columns = say.columns;
  return (
    <article class="sheet" aria-label={say.sheet}>
      <header>
        <h3>{say.sheet}</h3>
        <p><b>{seatNames.value.seat(head.seat)}</b>{head.offered_at && <> · <time>{when(head.offered_at)}</time></>}</p>
      </header>
      {notes !== null && <section><h4>{say.notes}</h4><p class="sheet-notes">{notes || say.none}</p></section>}
      <Part
        title={say.open(formatNumber(lists.open_count, locale))
          + (lists.open.length < lists.open_count ? say.listed(many(lists.open)) : "")
          + (late.length > 0 ? ` · ${say.lateOnly(many(late))}` : "")}
        columns={[columns.number, columns.class, columns.where, columns.state, columns.opened, columns.who, columns.light]}
        rows={lists.open.map((one) => [
          <><SeverityMark severity={one.severity} /> <a href={addressOf("case", one.id)}>{one.number}</a></>,
          classNameOf(one.event_class),
          [pointNamed(one.point), gridNamed(one.grid)].filter(Boolean).join(" · "),
          words.value.states[one.state],
          when(one.opened_at),
          [one.organisation && organisationNamed(one.organisation), one.handler && personNamed(one.handler)].filter(Boolean).join(" · "),
          one.late ? <b class="fault">■ {say.late}</b> : say.inTime,
        ])}
      />
      <Part
        title={say.calls(many(lists.calls))}
        columns={[columns.number, columns.organisation, columns.state, columns.due, columns.light]}
        rows={lists.calls.map((one) => [
          <a href={addressOf("case", one.incident_id)}>{one.number}</a>,
          organisationNamed(one.organisation),
          one.checked_in ? say.report : say.checkIn,
          one.due_at ? when(one.due_at) : "",
          one.late ? <b class="fault">■ {say.late}</b> : say.inTime,
        ])}
      />
      <Part
        title={say.shelved(many(lists.shelved))}
        columns={[columns.where, columns.class, columns.until, columns.by, columns.reason]}
        rows={lists.shelved.map((one) => [placeNamed(one.place), classNameOf(one.event_class), when(one.until), personNamed(one.by), one.reason])}
      />
      <Part
        title={say.muted(many(lists.muted))}
        columns={[columns.by, columns.from, columns.to, columns.reason]}
        rows={lists.muted.map((one) => [personNamed(one.username), when(one.since), when(one.ended_at ?? one.until), one.reason])}
      />
      <dl class="signatures">
        <Signature name={say.giver} who={head.giver ?? null} at={head.offered_at ?? null} />
        <Signature name={say.taker} who={head.taker ?? null} at={head.taken_at ?? null} />
      </dl>
      <p class="printed">{say.printed(when(new Date(now.value).toISOString()))}</p>
    </article>
  );
}

/** One list of the sheet. */
function Part({ title, columns, rows }: { title: string; columns: string[]; rows: ComponentChildren[][] }) {
  return (
    <section>
      <h4>{title}</h4>
      {rows.length > 0 && (
        <div class="sheet-frame" tabIndex={0} role="group" aria-label={title}>
          <table>
            <thead><tr>{columns.map((one) => <th key={one} scope="col">{one}</th>)}</tr></thead>
            <tbody>
              {rows.map((row, at) => (
                <tr key={at}>
                  {row.map((cell, n) => (n === 0 ? <th key={n} scope="row">{cell}</th> : <td key={n}>{cell}</td>))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Signature({ name, who, at }: { name: string; who: string | null; at: string | null }) {
  const say = text.value;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <b>{who ? personNamed(who) : "—"}</b> {who && who !== personNamed(who) && <small>{who}</small>}
        <span>{say.signedAt} {at ? when(at) : ""}</span>
        <span class="line">{say.signature}</span>
      </dd>
    </div>
  );
}

const when = (iso: string): string => formatMoment(iso, words.value.locale);

function gridNamed(id: string | null | undefined): string {
  const found = grids.value.find((one) => one.properties.id === id);
  return found ? named(found.properties.name) : (id ?? "");
}

function pointNamed(id: string | null | undefined): string {
  const found = points.value.find((one) => one.properties.id === id);
  return found ? named(found.properties.name) : (id ?? "");
}
