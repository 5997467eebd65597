import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import "../look/flood.css";
import { eventClasses } from "../api/desk";
import { now } from "../state/clock";
import { once } from "../state/once";
import { cameras, points } from "../state/places";
import { classNamed, named, words } from "../words";
import { formatNumber, formatPercent, formatWhen } from "../words/format";
import { Aside } from "./Aside";
import { failed, found, keepFigures, mayChange, retire, said, type Span, span, SPANS } from "./state";
import { text as catalogue } from "./words";

const classes = once(eventClasses);

/** A class by its code, in the language shown. */
export function className(code: string): string {
  const known = classes.value.find((one) => one.code === code);
  return known ? classNamed(known) : code;
}

/** A camera or sensor by its id. */
export function deviceName(device: string): string {
  const sensors = points.value.flatMap((one) => one.properties.sensors);
  const known = [...cameras.value, ...sensors].find((one) => one.id === device);
  return known ? named(known.name) : device;
}

/** Whether people can look at all that calls them, and what was put aside so that they can. */
export function Flood() {
  const text = catalogue.value;
  useEffect(() => keepFigures(span.value), [span.value]);
  useEffect(classes.ask, []);
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
                  <th scope="row">{deviceName(one.device)} <small>{one.device}</small></th>
                  <td>{className(one.event_class)}</td>
                  <td>{formatNumber(one.alarms, locale)}</td>
                  <td>{formatPercent(one.share, locale)}</td>
                  <td>{formatNumber(one.judged_false, locale)}</td>
                  {mayChange() && (
                    <td>
                      <button type="button" class="button aside" onClick={() => (retiring.value = one.device)}>{text.takeOut}</button>
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {retiring.value && <Retire key={retiring.value} device={retiring.value} onDone={() => (retiring.value = null)} />}
    </section>
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
            <li key={`${one.place} ${one.event_class}`}><b>{one.place}</b> {className(one.event_class)} {text.times(formatNumber(one.times, locale))}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
