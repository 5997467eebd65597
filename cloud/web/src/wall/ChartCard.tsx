import { useState } from "preact/hooks";
import type { Chart, Series } from "../api/types";
import { now } from "../state/clock";
import { nodes, points } from "../state/places";
import { named, quantityNamed, words } from "../words";
import { formatNumber, formatQuantity, formatWhen } from "../words/format";
import { CSV_URL } from "../api/calls";
import { Plot } from "./Plot";

/** One quantity of one device: its latest value, its curve, and the same as a table. */
export function ChartCard({ series, chart }: { series: Series; chart: Chart | undefined }) {
  const { charts: text, severities, locale } = words.value;
  const [at, setAt] = useState<number | null>(null);
  const value = (number: number) => formatQuantity(number, series.unit, locale);
  const when = (index: number) => formatWhen(chart?.at[index] ?? "", locale, now.value);
  const what = `${quantityNamed(series.quantity)}, ${deviceNamed(series)}`;
  const id = `chart-${[series.device, series.zone ?? "", series.quantity].join("-").replace(/[^\w-]/g, "_")}`;
  const count = chart?.at.length ?? 0;

  function onKey(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined || count === 0) return;
    event.preventDefault();
    setAt(Math.min(count - 1, Math.max(0, at === null ? count - 1 : at + step)));
  }

  return (
    <section class="chart-card" aria-labelledby={id}>
      <header>
        <h3 id={id}>{quantityNamed(series.quantity)} <small>{deviceNamed(series)}</small></h3>
        {series.last_value !== null && series.last_at && (
          <p class="latest">
            <b>{value(series.last_value)}</b> <small>{formatWhen(series.last_at, locale, now.value)}</small>
          </p>
        )}
      </header>
      {series.limits.length > 0 && (
        <ul class="limits">
          {series.limits.map((limit) => (
            <li key={`${limit.side} ${limit.value}`} class={`limit-${limit.severity}`}>
              {text.limit(value(limit.value), severities[limit.severity])}
            </li>
          ))}
        </ul>
      )}
      {chart && count > 0 ? (
        <>
          <div
            class="plot-frame" tabIndex={0} role="group" onKeyDown={onKey} onBlur={() => setAt(null)}
            aria-label={text.summary(what, value(Math.min(...chart.low)), value(Math.max(...chart.high)))}
          >
            <Plot chart={chart} limits={series.limits} at={at} />
          </div>
          <p class="chart-reading" aria-live="polite">
            {at !== null && at < count &&
              text.bucket(when(at), value(chart.mean[at] ?? 0), value(chart.low[at] ?? 0), value(chart.high[at] ?? 0))}
          </p>
          <Table chart={chart} what={what} />
        </>
      ) : (
        <p class="nothing">{chart ? text.empty : words.value.list.loading}</p>
      )}
    </section>
  );
}

/** Made only when it is opened: forty tables of four hundred rows would be most of the page. */
function Table({ chart, what }: { chart: Chart; what: string }) {
  const { charts: text, locale } = words.value;
  const [open, setOpen] = useState(false);
  return (
    <details class="chart-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{text.table} <span class="unseen">{what}</span></summary>
      {open && (
        <>
          <a href={csvOf(chart)} download>{text.csv}</a>
          <div class="chart-rows" tabIndex={0} role="group" aria-label={what}>
            <table>
              <thead>
                <tr>
                  {[text.time, text.low, text.mean, text.high, text.last].map((one) => <th key={one} scope="col">{one}</th>)}
                </tr>
              </thead>
              <tbody>
                {chart.at.map((at, n) => (
                  <tr key={at}>
                    <th scope="row">{formatWhen(at, locale, now.value)}</th>
                    {[chart.low, chart.mean, chart.high, chart.last].map((column, c) => (
                      <td key={c}>{formatNumber(column[n] ?? 0, locale)}</td>
                    ))}
                  </tr>
                )).reverse()}
              </tbody>
            </table>
          </div>
        </>
      )}
    </details>
  );
}

function csvOf(chart: Chart): string {
  const { device, quantity, unit, zone, since, until, step } = chart;
  const query = { device, quantity, unit, ...(zone ? { zone } : {}), from: since, to: until, step: String(step) };
  return `${CSV_URL}?${new URLSearchParams(query)}`;
}

function deviceNamed(series: Series): string {
  const place = points.value.find((one) => one.properties.id === series.point)?.properties;
  const known = [...(place?.cameras ?? []), ...(place?.sensors ?? [])].find((one) => one.id === series.device);
  if (known) return [named(known.name), series.zone ?? series.device].join(" ");
  const node = nodes.value.find((one) => one.id === series.device);
  return node ? words.value.charts.node : series.device;
}
