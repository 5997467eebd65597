/** How figures are written. Pure. */
import type { Figure, Sum } from "../api/reports";
import { formatAge, formatNumber } from "../words/format";

type Valued = Pick<Figure, "how" | "numerator" | "denominator" | "share" | "mean_s">;

/** "87.5 %", "3 min 20 s", or a dash where nothing counts. */
export function valueOf(figure: Valued, locale: string): string {
  if (figure.how === "seconds") return figure.mean_s === null ? "—" : formatAge(figure.mean_s * 1000, locale);
  return figure.share === null ? "—" : `${formatNumber(Math.round(figure.share * 1000) / 10, locale)} %`;
}

/** 0 to 1 for a bar: of a share itself, of a length of time against the longest. */
export function barOf(figure: Valued, longest: number): number {
  if (figure.how === "seconds") return longest > 0 ? (figure.mean_s ?? 0) / longest : 0;
  return figure.share ?? 0;
}

/** A stored sum as a figure of this index. */
export function figureOf(index: Figure, sum: Sum | undefined): Valued {
  const [numerator, denominator, seconds] = sum ?? [0, 0, 0];
  const timed = index.how === "seconds";
  return {
    how: index.how,
    numerator,
    denominator,
    share: timed || denominator === 0 ? null : numerator / denominator,
    mean_s: timed && denominator > 0 ? seconds / denominator : null,
  };
}

/** The span cut into equal parts, the last ending where it ends. */
export function partsOf(from: string, to: string, count: number): { from: string; to: string }[] {
  const [begins, ends] = [Date.parse(from), Date.parse(to)];
  const at = (part: number): string => new Date(begins + ((ends - begins) * part) / count).toISOString();
  return Array.from({ length: count }, (_, part) => ({ from: at(part), to: at(part + 1) }));
}
