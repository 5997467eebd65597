import type { Chart } from "../api/types";

/** Buckets missing in a row that break the curve: one that came late is bridged, silence is not. */
const BROKEN = 3;

export type Column = (number | null)[];

/** Times in seconds, mean, lowest and highest as the plot wants them, with a gap where nothing came for long. */
export function tableOf(chart: Pick<Chart, "at" | "step" | "mean" | "low" | "high">): [number[], Column, Column, Column] {
  const times: number[] = [];
  const columns: [Column, Column, Column] = [[], [], []];
  const usual = usualStep(chart);
  chart.at.forEach((at, n) => {
    const time = Date.parse(at) / 1000;
    const before = times.at(-1);
    if (before !== undefined && time - before > BROKEN * usual) {
      times.push(before + usual);
      for (const column of columns) column.push(null);
    }
    times.push(time);
    [chart.mean, chart.low, chart.high].forEach((values, c) => columns[c]?.push(values[n] ?? null));
  });
  return [times, ...columns];
}

/** How far apart values usually come: the bucket's width, or the middle of the distances where they come less often. */
function usualStep(chart: Pick<Chart, "at" | "step">): number {
  const apart = chart.at.slice(1).map((at, n) => (Date.parse(at) - Date.parse(chart.at[n] ?? at)) / 1000).sort((a, b) => a - b);
  return Math.max(chart.step, apart[Math.floor(apart.length / 2)] ?? 0);
}
