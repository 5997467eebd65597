import { computed, signal } from "@preact/signals";
import { type Command, COMMANDS, DEFAULT_KEYS, FIXED, type Keys } from "../wall/commands";

const KEY = "gridwatch.keys";

const own = signal<Partial<Record<Command, string>>>(read());
/** The keys of this browser. */
export const keys = computed<Keys>(() => ({ ...DEFAULT_KEYS, ...own.value }));
export const areOwn = computed(() => Object.keys(own.value).length > 0);

export function keep(next: Keys): void {
  const changed = COMMANDS.filter((command) => next[command] !== DEFAULT_KEYS[command]);
  own.value = Object.fromEntries(changed.map((command) => [command, next[command]]));
  if (changed.length === 0) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, JSON.stringify(own.value));
}

/** What was kept, as far as it still means something. */
function read(): Partial<Record<Command, string>> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const pairs = Object.entries(kept ?? {}).filter(
      ([command, chord]) => (COMMANDS as readonly string[]).includes(command) && !FIXED.has(command as Command) && typeof chord === "string",
    );
    return Object.fromEntries(pairs);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return {};
  }
}
