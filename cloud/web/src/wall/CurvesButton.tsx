import { showCharts, type Subject } from "../state/charts";
import { words } from "../words";

/** Leads to the curves of a point, or of a node itself. */
export function CurvesButton({ of }: { of: Subject }) {
  return (
    <button type="button" class="button curves" onClick={() => showCharts(of)}>
      {words.value.charts.open} {of.kind === "point" && <kbd aria-hidden="true">T</kbd>}
    </button>
  );
}
