import type { Action, Severity } from "../api/types";
import { asking, inFlight } from "../state/actions";
import { ask as askNodeFor, nodeOf } from "../state/care";
import { showCharts } from "../state/charts";
import { acknowledgeChosen, ask, beginAll, form, judgeAs } from "../state/desk";
import { move, opened, selected, selectMostUrgent, targets, toggleFold, toggleSeverity } from "../state/incidents";
import { keys } from "../state/keymap";
import { helpShown, pictureShown, quietPoint } from "../state/panes";
import { cameraOf, isCamera } from "../state/places";
import { go, HOME, page } from "../state/route";
import { muteShown } from "../sound/mute";
import { type Command, commandOf } from "./commands";
import { hourAgoOf } from "./HourAgo";
import { hasNow, liveOf } from "./Now";
import { maySee, PAGES } from "./pages";
import { arrange } from "./photos";

/** After this long without a letter, G was pressed by mistake. */
const GO_WAITS_MS = 2_000;
/** These work on every page; the others would do something to what is not on screen. */
const EVERYWHERE: ReadonlySet<Command> = new Set(["nodes", "go", "back", "help", "mute"]);

/** After G, as the rail says. */
const HOME_CODE = "KeyI";

let goUntil = 0;

export function onKey(event: KeyboardEvent): void {
  const target = event.target instanceof Element ? event.target : null;
  const typing = target?.closest("form, input, textarea, select, [contenteditable]") != null;
  // A dialog closes itself on Escape and lets nothing else through.
  if (document.querySelector("dialog[open]")) return;
  if (!typing && performance.now() < goUntil && plain(event)) {
    goUntil = 0;
    const code = event.code;
    const wanted = PAGES.find((one) => one.code === code && !one.hidden && maySee(one));
    if (wanted || code === HOME_CODE) {
      event.preventDefault();
      go(wanted?.name ?? HOME);
      return;
    }
  }
  const command = commandOf(event, typing, target?.closest("button, a, [role=button]") != null, keys.value);
  if (!command) return;
  if (page.value !== HOME && !EVERYWHERE.has(command)) return;
  event.preventDefault();
  obey(command);
}

function plain(event: KeyboardEvent): boolean {
  return !event.ctrlKey && !event.altKey && !event.metaKey && !event.shiftKey;
}

function obey(command: Command): void {
  const incident = selected.value;
  switch (command) {
    case "next":
    case "previous":
      move(command === "next" ? 1 : -1);
      focusRow();
      break;
    case "urgent":
      selectMostUrgent();
      focusRow();
      break;
    case "fold":
      toggleFold();
      focusRow();
      break;
    case "open":
      if (incident) {
        opened.value = true;
        focusOn(".detail-title");
      }
      break;
    case "go":
      goUntil = performance.now() + GO_WAITS_MS;
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
      back();
      break;
    case "help":
      helpShown.value = true;
      break;
    case "mute":
      muteShown.value = true;
      break;
    case "search":
      focusOn(".list .search");
      break;
    case "critical":
    case "high":
    case "medium":
    case "low":
      toggleSeverity(command satisfies Severity);
      break;
    default:
      if (incident) forIncident(command);
  }
}

/** What is for the row chosen; what has no page or no camera yet does nothing. */
function forIncident(command: Command): void {
  const incident = selected.value;
  if (!incident) return;
  switch (command) {
    case "acknowledge":
      void acknowledgeChosen();
      break;
    case "judge_true":
    case "judge_unsure":
      void judgeAs(targets.value, { verdict: command === "judge_true" ? "true" : "unsure" });
      break;
    case "judge_other":
      ask("other_class");
      break;
    case "judge_false":
    case "false_alarm":
      ask("false");
      break;
    case "dispatch":
    case "whistle":
    case "shelve":
      ask(command);
      break;
    case "case":
      show("case", incident.id);
      break;
    case "live":
      if (hasNow(incident)) liveOf.value = liveOf.value === incident.id ? null : incident.id;
      break;
    case "video":
      show("video", cameraOf(incident));
      break;
    case "picture":
      pictureShown.value = arrange(incident.evidence).before;
      break;
    case "photo": {
      const node = nodeOf(incident);
      if (node && isCamera(incident.camera)) {
        void askNodeFor(node, { kind: "photo", incident_id: incident.id, body: { camera: incident.camera } });
      }
      break;
    }
    case "earlier":
      hourAgoOf.value = incident.id;
      break;
    case "accept":
    case "close":
      beginAll(command satisfies Action);
  }
}

/** A page about one thing, where there is one. */
function show(name: string, about: string | null): void {
  if (about && PAGES.some((one) => one.name === name && maySee(one))) go(name, about);
}

function back(): void {
  const incident = selected.value;
  if (page.value !== HOME) {
    go(HOME);
    focusRow();
  } else if (asking.value || form.value) {
    if (incident && inFlight.value.has(incident.id)) return;
    asking.value = null;
    form.value = null;
    focusRow();
  } else {
    if (liveOf.value) liveOf.value = null;
    else opened.value = false;
    focusRow();
  }
}

export function focusRow(): void {
  focusOn(".row[aria-current=true]");
}

const FRAMES = 12;

/** After the page was drawn anew; a row that was far out of view takes a few frames. */
function focusOn(selector: string, left = FRAMES): void {
  requestAnimationFrame(() => {
    const found = document.querySelector<HTMLElement>(selector);
    if (found) found.focus();
    else if (left > 0) focusOn(selector, left - 1);
  });
}
