/** Which key asks for what. */
export type Command =
  | "next" | "previous" | "open" | "accept" | "false_alarm" | "dispatch" | "close" | "back" | "help" | "nodes" | "curves";

/** By place on the keyboard (`event.code`): an input method that swallows letters does not matter. */
const COMMANDS: Readonly<Record<string, Command>> = {
  KeyJ: "next",
  KeyK: "previous",
  Enter: "open",
  KeyA: "accept",
  KeyF: "false_alarm",
  KeyD: "dispatch",
  KeyC: "close",
  KeyN: "nodes",
  KeyT: "curves",
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
