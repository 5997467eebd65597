import { asking, begin, inFlight } from "../state/actions";
import { showCharts } from "../state/charts";
import { move, opened, selected } from "../state/incidents";
import { helpShown, pictureShown, quietPoint } from "../state/panes";
import { go, HOME, page } from "../state/route";
import { type Command, commandOf } from "./commands";

export function onKey(event: KeyboardEvent): void {
  const target = event.target instanceof Element ? event.target : null;
  const command = commandOf(event, target?.closest("form") != null, target?.closest("button, [role=button]") != null);
  if (!command) return;
  // A dialog closes itself on Escape and lets nothing else through.
  if (helpShown.value || pictureShown.value) return;
  // Nobody closes a case that is not on screen.
  if (page.value !== HOME && !["nodes", "back", "help"].includes(command)) return;
  event.preventDefault();
  obey(command);
}

function obey(command: Command): void {
  const incident = selected.value;
  switch (command) {
    case "next":
    case "previous":
      move(command === "next" ? 1 : -1);
      focusRow();
      break;
    case "open":
      if (incident) {
        opened.value = true;
        focusOn(".detail-title");
      }
      break;
    case "nodes":
      go(page.value === "nodes" ? HOME : "nodes");
      break;
    case "curves": {
      const point = quietPoint.value ?? incident?.point.id;
      if (point) showCharts({ kind: "point", id: point });
      break;
    }
    case "back":
      if (page.value !== HOME) {
        go(HOME);
        focusRow();
      } else if (asking.value) {
        if (!incident || !inFlight.value.has(incident.id)) asking.value = null;
      } else {
        opened.value = false;
        focusRow();
      }
      break;
    case "help":
      helpShown.value = true;
      break;
    default:
      if (incident) begin(incident, command);
  }
}

function focusRow(): void {
  focusOn(".row[aria-current=true]");
}

/** After the page was drawn anew. */
function focusOn(selector: string): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>(selector)?.focus());
}
