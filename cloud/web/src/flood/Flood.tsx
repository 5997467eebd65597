import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import "../look/flood.css";
import type { Alarm } from "../api/types";
import { classNameOf } from "../state/classes";
import { now } from "../state/clock";
import { deviceNamed, placeNamed } from "../state/places";
import { words } from "../words";
import { formatNumber, formatPercent, formatWhen } from "../words/format";
import { Shelving } from "../wall/ShelveForm";
import { Aside } from "./Aside";
import { callingOf, failed, found, keepFigures, mayChange, putAside, retire, said, type Span, span, SPANS } from "./state";
import { text as catalogue } from "./words";

/** Whether people can look at all that calls them, and what was put aside so that they can. */
export function Flood() {
  const text = catalogue.value;
  useEffect(() => keepFigures(span.value), [span.value]);
  return (
    <main class="flood" aria-labelledby="flood-title">
      <div class="flood-head">
        <h2 id="flood-title" tabIndex={-1}>{text.title}</h2>
        <div class="spans" role="group" aria-label={text.span}>
          {(Object.keys(SPANS) as Span[]).map((one) => (
            <button key={one} type="button" class="button" aria-pressed={span.value === one} onClick={() => (span.value = one)}>
              {text.spans[one]}
            </button>
          ))}
        </div>
      </div>
      {failed.value && <p class="fault" role="alert">{text.failed}</p>}
      <p class={said.value?.good ? "outcome good" : "outcome"} role="status">{said.value?.text}</p>
      {!found.value ? <p class="nothing">{text.loading}</p> : (
        <>
          <Measures />
          <div class="flood-columns">
            <Top />
            <Floods />
            {mayChange() && <Aside />}
          </div>
        </>
      )}
    </main>
  );
}

/** Each figure beside what the standard calls acceptable. */
function Measures() {
  const text = catalogue.value;
  const { locale } = words.value;
  const figures = found.value;
  if (!figures) return null;
  const number = (value: number): string => formatNumber(value, locale);
  const percent = (value: number): string => formatPercent(value, locale);
  const { targets } = figures;
  const rows: readonly [string, number, (value: number) => string, number | undefined][] = [
    [text.rate, figures.per_operator_per_10_min, number, targets["per_operator_per_10_min"]],
    [text.peak, figures.peak_per_operator_per_10_min, number, targets["peak_per_operator_per_10_min"]],
    [text.share, figures.flood_share, percent, targets["flood_share"]],
    [text.topShare, figures.top_share, percent, targets["top_share"]],
    [text.stale, figures.stale, number, targets["stale"]],
    [text.called, figures.annunciated, number, undefined],
  ];
  const kinds: Readonly<Record<string, string>> = text.kinds;
  const quiet = Object.entries(figures.not_annunciated).map(([kind, count]) => `${kinds[kind] ?? kind} ${number(count)}`);
  return (
    <section aria-label={text.figures}>
      <dl class="measures">
        {rows.map(([name, value, format, target]) => {
          const missed = target !== undefined && value > target;
          return (
            <div key={name} class={missed ? "missed" : ""}>
              <dt>{name}</dt>
              <dd>
                <b>{format(value)}</b>
                {target !== undefined && <small>{text.target(format(target))} · {missed ? `▲ ${text.bad}` : text.good}</small>}
              </dd>
            </div>
          );
        })}
      </dl>
      {quiet.length > 0 && <p class="note">{text.quiet}: {quiet.join(" · ")}</p>}
    </section>
  );
}

function Top() {
  const text = catalogue.value;
  const { locale } = words.value;
  const retiring = useSignal<string | null>(null);
  const shelving = useSignal<Alarm | null>(null);
  function begin(device: string | null, alarm: Alarm | null): void {
    retiring.value = device;
    shelving.value = alarm;
  }
  const top = found.value?.top ?? [];
  return (
    <section aria-labelledby="flood-top">
      <h3 id="flood-top">{text.top}</h3>
      {top.length === 0 ? <p class="note">{text.noTop}</p> : (
        <div class="flood-table" tabIndex={0} role="group" aria-labelledby="flood-top">
          <table>
            <thead>
              <tr>
                <th scope="col">{text.device}</th><th scope="col">{text.class}</th><th scope="col">{text.alarms}</th>
                <th scope="col">{text.part}</th><th scope="col">{text.wrong}</th>
                {mayChange() && <th scope="col"><span class="unseen">{text.takeOut}</span></th>}
              </tr>
            </thead>
            <tbody>
              {top.map((one) => (
                <tr key={`${one.device} ${one.event_class}`}>
                  <th scope="row">{deviceNamed(one.device)} <small>{one.device}</small></th>
                  <td>{classNameOf(one.event_class)}</td>
                  <td>{formatNumber(one.alarms, locale)}</td>
                  <td>{formatPercent(one.share, locale)}</td>
                  <td>{formatNumber(one.judged_false, locale)}</td>
                  {mayChange() && (
                    <td class="flood-tools">
                      <Shelve source={one} begin={(alarm) => begin(null, alarm)} />
                      <button type="button" class="button aside" onClick={() => begin(one.device, null)}>{text.takeOut}</button>
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {retiring.value && <Retire key={retiring.value} device={retiring.value} onDone={() => begin(null, null)} />}
      {shelving.value && <PutAside key={shelving.value.id} alarm={shelving.value} onDone={() => begin(null, null)} />}
    </section>
  );
}

/** Only what calls now can be shelved; of the others there is nothing to quieten. */
function Shelve({ source, begin }: { source: { device: string; event_class: string }; begin: (alarm: Alarm) => void }) {
  const alarm = callingOf(source);
  return alarm && <button type="button" class="button aside" onClick={() => begin(alarm)}>{catalogue.value.shelve}</button>;
}

function PutAside({ alarm, onDone }: { alarm: Alarm; onDone: () => void }) {
  const busy = useSignal(false);
  async function submit(minutes: number, reason: string): Promise<void> {
    busy.value = true;
    if (await putAside(alarm, minutes, reason)) onDone();
    busy.value = false;
  }
  return (
    <Shelving
      place={`${placeNamed(alarm.place)} ${classNameOf(alarm.event_class.code)}`} busy={busy.value}
      submit={(minutes, reason) => void submit(minutes, reason)}
      cancel={<button type="button" class="button" onClick={onDone}>{catalogue.value.cancel}</button>}
    />
  );
}

const HOURS = [1, 4, 24, 72] as const;

/** Out of service, with a reason and an end. */
function Retire({ device, onDone }: { device: string; onDone: () => void }) {
  const text = catalogue.value;
  const field = useRef<HTMLTextAreaElement>(null);
  const hours = useSignal<number>(HOURS[0]);
  const missing = useSignal(false);
  useEffect(() => field.current?.focus(), []);
  function submit(event: Event): void {
    event.preventDefault();
    const reason = field.current?.value.trim() ?? "";
    missing.value = reason === "";
    if (reason) void retire(device, hours.value, reason).then((done) => done && onDone());
  }
  return (
    <form class="reason" onSubmit={submit}>
      <p class="note">{text.note}</p>
      <div class="spans" role="group" aria-label={text.forHow}>
        {HOURS.map((one) => (
          <button key={one} type="button" class="button" aria-pressed={hours.value === one} onClick={() => (hours.value = one)}>
            {text.hours(String(one))}
          </button>
        ))}
      </div>
      <label class="words"><span>{text.reason}</span><textarea ref={field} rows={2} maxLength={500} /></label>
      {missing.value && <p class="fault" role="alert">{text.needs}</p>}
      <div class="action-row">
        <button type="submit" class="button primary">{text.confirm(device)}</button>
        <button type="button" class="button" onClick={onDone}>{text.cancel}</button>
      </div>
    </form>
  );
}

function Floods() {
  const text = catalogue.value;
  const { locale } = words.value;
  const when = (iso: string): string => formatWhen(iso, locale, now.value);
  const { floods = [], chattering = [] } = found.value ?? {};
  return (
    <section aria-labelledby="flood-floods">
      <h3 id="flood-floods">{text.floods}</h3>
      {floods.length === 0 ? <p class="note">{text.noFloods}</p> : (
        <ul class="flood-list">
          {floods.map((one) => (
            <li key={one.begins}><b>{when(one.begins)} – {when(one.ends)}</b> {text.flood(formatNumber(one.alarms, locale), formatNumber(one.peak, locale))}</li>
          ))}
        </ul>
      )}
      <h3>{text.chatter}</h3>
      {chattering.length === 0 ? <p class="note">{text.noChatter}</p> : (
        <ul class="flood-list">
          {chattering.map((one) => (
            <li key={`${one.place} ${one.event_class}`}><b>{placeNamed(one.place)}</b> {classNameOf(one.event_class)} {text.times(formatNumber(one.times, locale))}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
