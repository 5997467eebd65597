import { asking, begin, inFlight } from "../state/actions";
import { move, opened, selected } from "../state/incidents";
import { helpShown, pictureShown } from "../state/panes";

export type Command =
  | "next" | "previous" | "open" | "accept" | "false_alarm" | "dispatch" | "close" | "back" | "help";

/** By place on the keyboard (`event.code`): an input method that swallows letters does not matter. */
const COMMANDS: Readonly<Record<string, Command>> = {
  KeyJ: "next",
  KeyK: "previous",
  Enter: "open",
  KeyA: "accept",
  KeyF: "false_alarm",
  KeyD: "dispatch",
  KeyC: "close",
  Escape: "back",
};

export interface Pressed {
  code: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
}

/** What a key press asks for; `typing`: the focus is in a form; `onControl`: on a button. */
export function commandOf(pressed: Pressed, typing: boolean, onControl: boolean): Command | null {
  if (pressed.ctrlKey || pressed.altKey || pressed.metaKey) return null;
  if (pressed.code === "Escape") return "back";
  if (typing) return null;
  if (pressed.code === "Slash") return pressed.shiftKey ? "help" : null;
  if (pressed.shiftKey) return null;
  if (pressed.code === "Enter" && onControl) return null;
  return COMMANDS[pressed.code] ?? null;
}

export function onKey(event: KeyboardEvent): void {
  const target = event.target instanceof Element ? event.target : null;
  const command = commandOf(event, target?.closest("form") != null, target?.closest("button, [role=button]") != null);
  if (!command) return;
  // A dialog closes itself on Escape and lets nothing else through.
  if (helpShown.value || pictureShown.value) return;
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
    case "back":
      if (asking.value) {
        if (!inFlight.value) asking.value = null;
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
