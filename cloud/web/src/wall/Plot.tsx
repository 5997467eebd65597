import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Chart, Series } from "../api/types";
import { theme } from "../state/theme";
import { words } from "../words";
import { formatNumber, formatTick } from "../words/format";
import { tableOf } from "./plotted";

const HEIGHT = 168;
const AXIS = { side: 44, foot: 26 };

/** The curve: mean as a line, lowest to highest as a band, limits as dashed lines. `at` marks one bucket. */
export function Plot({ chart, limits, at }: { chart: Chart; limits: Series["limits"]; at: number | null }) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const locale = words.value.locale;
  const light = theme.value;
  useEffect(() => {
    const host = frame.current;
    if (!host) return;
    const made = new uPlot(options(host, chart, limits, locale), tableOf(chart), host);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: host.clientWidth, height: HEIGHT }));
    watch.observe(host);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [chart, limits, locale, light]);
  useEffect(() => {
    const made = plot.current;
    if (!made) return;
    const moment = at === null ? undefined : chart.at[at];
    const left = moment === undefined ? -10 : made.valToPos(Date.parse(moment) / 1000, "x");
    made.setCursor({ left, top: moment === undefined ? -10 : 8 });
  }, [at, chart]);
  return <div class="plot" ref={frame} aria-hidden="true" />;
}

function options(host: HTMLElement, chart: Chart, limits: Series["limits"], locale: string): uPlot.Options {
  const look = getComputedStyle(host);
  const colour = (name: string) => look.getPropertyValue(`--${name}`).trim();
  const font = `12px ${look.fontFamily}`;
  const axis = { stroke: colour("ink-3"), font, grid: { stroke: colour("line"), width: 1 }, ticks: { show: false } };
  const span = Date.parse(chart.until) - Date.parse(chart.since);
  const faint = { stroke: "transparent", points: { show: false } };
  return {
    width: host.clientWidth,
    height: HEIGHT,
    padding: [8, 6, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: {
      x: { range: [Date.parse(chart.since) / 1000, Date.parse(chart.until) / 1000] },
      y: { range: (_, low, high) => spread(Math.min(low, ...limits.map((one) => one.value)), Math.max(high, ...limits.map((one) => one.value))) },
    },
    axes: [
      { ...axis, size: AXIS.foot, values: (_, ticks) => ticks.map((tick) => formatTick(tick * 1000, span, locale)), space: 72 },
      { ...axis, size: AXIS.side, values: (_, ticks) => ticks.map((tick) => formatNumber(tick, locale)), space: 32 },
    ],
    series: [
      {},
      { stroke: colour("accent"), width: 1.5, points: { show: chart.at.length < 60, size: 4 } },
      faint,
      faint,
    ],
    bands: [{ series: [3, 2], fill: `color-mix(in srgb, ${colour("accent")} 22%, transparent)` }],
    hooks: { draw: [(drawn) => limits.forEach((one) => dash(drawn, one.value, colour(one.severity)))] },
  };
}

/** A little room above and below, and some for a line that is level. */
function spread(low: number, high: number): [number, number] {
  const room = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  return [low - room, high + room];
}

function dash(plot: uPlot, value: number, colour: string): void {
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(value, "y", true));
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}
