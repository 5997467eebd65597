import type { Incident, Severity } from "../api/types";
import { worst } from "../state/order";
import { SHAPES } from "../wall/SeverityMark";
import type { Words } from "../words";

export interface PointMark {
  severity: Severity | null;
  open: number;
  waiting: boolean;
  down: boolean;
  selected: boolean;
}

/** What a point's mark has to say. */
export function markOf(incidents: readonly Incident[], waiting: boolean, down: boolean, selected: boolean): PointMark {
  return { severity: worst(incidents), open: incidents.length, waiting, down, selected };
}

/** The mark as SVG: the worst severity's shape and letter, a badge with the count, a cross where a device is down. */
export function drawMark(mark: PointMark, words: Words): string {
  const ring = mark.selected ? '<circle class="ring" cx="18" cy="18" r="16.5"/>' : "";
  const down = mark.down ? '<path class="down" d="M6 25l6 6m0-6l-6 6"/>' : "";
  if (!mark.severity) return svg(`${ring}<circle class="quiet-dot" cx="18" cy="18" r="4.5"/>${down}`);
  const badge =
    mark.open > 1
      ? `<circle class="badge" cx="29" cy="8" r="7"/><text class="badge-count" x="29" y="8">${Math.min(mark.open, 99)}</text>`
      : "";
  return svg(
    `${ring}<g class="mark mark-${mark.severity}${mark.waiting ? " waiting" : ""}" transform="translate(6 6)">` +
      `<path d="${SHAPES[mark.severity]}"/><text x="12" y="12">${words.letters[mark.severity]}</text></g>${badge}${down}`,
  );
}

function svg(inside: string): string {
  return `<svg viewBox="0 0 36 36" aria-hidden="true">${inside}</svg>`;
}
