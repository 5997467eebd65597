import { useEffect, useRef } from "preact/hooks";
import { charts, chartsFailed, keepCharts, keyOf, ordered, span, SPANS, type Subject } from "../state/charts";
import { nodes, points } from "../state/places";
import { go, HOME, route } from "../state/route";
import { named, words } from "../words";
import { ChartCard } from "./ChartCard";

/** The curves of all that is measured at a point, or of a node itself. */
export function Charts() {
  const [kind, id] = route.value.rest;
  return id === undefined ? null : <Page key={`${kind} ${id}`} of={{ kind: kind === "node" ? "node" : "point", id }} />;
}

function Page({ of }: { of: Subject }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => keepCharts(of, span.value), [of.kind, of.id, span.value]);
  useEffect(() => heading.current?.focus(), []);
  const text = words.value.charts;
  const list = ordered.value;
  return (
    <main class="charts" aria-labelledby="charts-title">
      <div class="nodes-head charts-head">
        <h2 id="charts-title" ref={heading} tabIndex={-1}>{text.title(nameOf(of))} <small>{of.id}</small></h2>
        <div class="spans" role="group" aria-label={text.span}>
          {SPANS.map((one) => (
            <button key={one} type="button" class="button" aria-pressed={span.value === one} onClick={() => (span.value = one)}>
              {text.spans[one]}
            </button>
          ))}
        </div>
        <button type="button" class="button" onClick={() => go(HOME)}>
          {text.back} <kbd aria-hidden="true">Esc</kbd>
        </button>
      </div>
      {chartsFailed.value && <p class="fault" role="alert">{text.failed}</p>}
      {list === null && <p class="nothing">{words.value.list.loading}</p>}
      {list?.length === 0 && <p class="nothing">{text.none}</p>}
      <div class="chart-cards">
        {list?.map((one) => <ChartCard key={keyOf(one)} series={one} chart={charts.value.get(keyOf(one))} />)}
      </div>
    </main>
  );
}

function nameOf(of: Subject): string {
  const known =
    of.kind === "node"
      ? nodes.value.find((one) => one.id === of.id)?.name
      : points.value.find((one) => one.properties.id === of.id)?.properties.name;
  return known ? named(known) : of.id;
}
