import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { areOwn, keep, keys } from "../state/keymap";
import { chordName, chordOf, type Command, COMMANDS, DEFAULT_KEYS, FIXED, rebound } from "./commands";
import { text as words } from "./keyWords";

/** All keys, each to be changed by pressing another. */
export function KeyTable() {
  const text = words.value;
  const changing = useSignal<Command | null>(null);
  const said = useSignal("");

  function choose(command: Command, chord: string): void {
    const next = rebound(keys.value, command, chord);
    if ("taken" in next) {
      said.value = text.taken(chordName(chord), text.commands[next.taken]);
      return;
    }
    keep(next);
    said.value = text.changed(text.commands[command], chordName(chord));
    changing.value = null;
  }

  return (
    <>
      <p class="note">{text.note}</p>
      <p class="key-said" role="status">{said.value}</p>
      <dl class="keys">
        {COMMANDS.map((command) => (
          <div key={command}>
            <dt>
              {changing.value === command ? (
                <Listen onChord={(chord) => choose(command, chord)} onEnd={() => (changing.value = null)} />
              ) : FIXED.has(command) ? (
                <kbd>{chordName(keys.value[command])}</kbd>
              ) : (
                <button type="button" aria-label={text.change(text.commands[command], chordName(keys.value[command]))} onClick={() => (changing.value = command)}>
                  <kbd>{chordName(keys.value[command])}</kbd>
                </button>
              )}
            </dt>
            <dd>{text.commands[command]}</dd>
          </div>
        ))}
      </dl>
      {areOwn.value && (
        <button
          type="button" class="button"
          onClick={() => {
            keep(DEFAULT_KEYS);
            said.value = text.reset;
          }}
        >
          {text.resetAll}
        </button>
      )}
    </>
  );
}

/** Waits for a key; Escape leaves it as it was. */
function Listen({ onChord, onEnd }: { onChord: (chord: string) => void; onEnd: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => button.current?.focus(), []);
  return (
    <button
      ref={button}
      type="button"
      class="listening"
      onBlur={onEnd}
      onKeyDown={(event) => {
        if (event.code === "Tab") return;
        event.preventDefault();
        event.stopPropagation();
        const chord = chordOf(event);
        if (chord === "Escape") onEnd();
        else if (chord) onChord(chord);
      }}
    >
      <kbd>{words.value.press}</kbd>
    </button>
  );
}
