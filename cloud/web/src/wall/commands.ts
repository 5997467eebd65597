/** Which key asks for what. A chord is a place on the keyboard (`event.code`), with "Shift+" before it or not. */

export const COMMANDS = [
  "next", "previous", "open", "urgent", "fold", "acknowledge", "judge_true", "judge_false", "judge_other", "judge_unsure",
  "accept", "dispatch", "false_alarm", "whistle", "shelve", "close", "case", "live", "video", "picture", "photo", "earlier", "curves", "mute",
  "search", "critical", "high", "medium", "low", "nodes", "go", "back", "help",
] as const;
export type Command = (typeof COMMANDS)[number];
export type Keys = Readonly<Record<Command, string>>;

/** By place: an input method that swallows letters does not matter. Judging has the bare figures, filters have Shift. */
export const DEFAULT_KEYS: Keys = {
  next: "KeyJ",
  previous: "KeyK",
  open: "Enter",
  urgent: "KeyU",
  fold: "KeyX",
  acknowledge: "KeyQ",
  judge_true: "Digit1",
  judge_false: "Digit2",
  judge_other: "Digit3",
  judge_unsure: "Digit4",
  accept: "KeyA",
  dispatch: "KeyD",
  false_alarm: "KeyF",
  whistle: "KeyW",
  shelve: "KeyS",
  close: "KeyC",
  case: "KeyE",
  live: "KeyL",
  video: "KeyV",
  picture: "KeyO",
  photo: "KeyP",
  earlier: "KeyB",
  curves: "KeyT",
  mute: "KeyM",
  search: "Slash",
  critical: "Shift+Digit1",
  high: "Shift+Digit2",
  medium: "Shift+Digit3",
  low: "Shift+Digit4",
  nodes: "KeyN",
  go: "KeyG",
  back: "Escape",
  help: "Shift+Slash",
};

/** Nobody gets lost who knows these: they stay as they are. */
export const FIXED: ReadonlySet<Command> = new Set(["back", "help", "open"]);

export interface Pressed {
  code: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
}

/** What was pressed as a chord; null: the browser's own, or only a modifier. */
export function chordOf(pressed: Pressed): string | null {
  if (pressed.ctrlKey || pressed.altKey || pressed.metaKey) return null;
  if (!pressed.code || /^(Shift|Control|Alt|Meta|CapsLock|Tab)/.test(pressed.code)) return null;
  const code = pressed.code.replace(/^Numpad(?=\d$)/, "Digit").replace("NumpadEnter", "Enter");
  return pressed.shiftKey ? `Shift+${code}` : code;
}

/** What a key press asks for; `typing`: the focus is in a form; `onControl`: on a button. */
export function commandOf(pressed: Pressed, typing: boolean, onControl: boolean, keys: Keys): Command | null {
  const chord = chordOf(pressed);
  if (chord === null) return null;
  if (chord === keys.back) return "back";
  if (typing) return null;
  if (onControl && (chord === "Enter" || chord === "Space")) return null;
  return COMMANDS.find((command) => keys[command] === chord) ?? null;
}

/** The keys with one changed, or the command that has that key already. */
export function rebound(keys: Keys, command: Command, chord: string): Keys | { taken: Command } {
  const taken = COMMANDS.find((other) => other !== command && keys[other] === chord);
  return taken ? { taken } : { ...keys, [command]: chord };
}

/** As it is written on a keyboard. */
export function chordName(chord: string): string {
  const [code = "", shift] = chord.split("+").reverse();
  const bare = code.replace(/^(Key|Digit)/, "");
  const name = NAMES[bare] ?? bare;
  if (chord === "Shift+Slash") return "?";
  return shift ? `${shift}+${name}` : name;
}

const NAMES: Readonly<Record<string, string>> = {
  Slash: "/", Escape: "Esc", Backquote: "`", Minus: "-", Equal: "=", BracketLeft: "[", BracketRight: "]", Backslash: "\\",
  Semicolon: ";", Quote: "'", Comma: ",", Period: ".", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→",
};

/** The figure that was pressed, 1 to 10 (the key 0), whatever the keyboard calls it. */
export function figureOf(pressed: Pick<Pressed, "code">): number | null {
  const figure = /^(?:Digit|Numpad)(\d)$/.exec(pressed.code)?.[1];
  return figure === undefined ? null : Number(figure) || 10;
}
