import type { Severity } from "../api/types";
import { words } from "../words";

/** One outline a severity in a box of 24 × 24, so that no meaning hangs on colour alone. */
export const SHAPES: Record<Severity, string> = {
  critical: "M8 1.5h8L22.5 8v8L16 22.5H8L1.5 16V8z",
  high: "M12 .8 23.2 12 12 23.2.8 12z",
  medium: "M3 3h18v18H3z",
  low: "M12 1.8a10.2 10.2 0 1 1 0 20.4 10.2 10.2 0 0 1 0-20.4z",
};

/** Shape, letter and colour of a severity. */
export function SeverityMark({ severity }: { severity: Severity }) {
  return (
    <svg class={`mark mark-${severity}`} viewBox="0 0 24 24" role="img" aria-label={words.value.severities[severity]}>
      <path d={SHAPES[severity]} />
      <text x="12" y="12" text-anchor="middle" dominant-baseline="central">
        {words.value.letters[severity]}
      </text>
    </svg>
  );
}
