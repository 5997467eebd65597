import { now } from "../state/clock";
import { keys } from "../state/keymap";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { chordName } from "../wall/commands";
import { maySilence, muteShown, silenced } from "./mute";
import { sounding, unlocked, unlock } from "./speaker";
import { text as catalogue } from "./words";

/** Whether this wall is heard, and the way to silence it. */
export function SoundFact() {
  const text = catalogue.value;
  const { locale, severities } = words.value;
  const heard = sounding.value;
  const quiet = silenced.value;
  // What is critical sounds through silence: then both are said.
  const parts = [
    heard && text.sounding(severities[heard.severity]), quiet && text.silencedUntil(formatWhen(quiet.until, locale, now.value)),
  ].filter((part) => part !== null);
  const state = !unlocked.value ? text.off : parts.join(" · ") || text.on;
  return (
    <p
      class={`foot-fact foot-sound${unlocked.value && !quiet ? "" : " bad"}`}
      data-sounding={heard?.severity ?? "none"} data-loud={heard?.loud ?? false}
    >
      <span>{text.name}</span> <b>{state}</b>
      {!unlocked.value ? (
        <button type="button" class="quiet" onClick={() => void unlock()}>{text.turnOn}</button>
      ) : maySilence() && (
        <button type="button" class="quiet" onClick={() => (muteShown.value = true)}>
          {quiet ? text.again : text.mute} <kbd aria-hidden="true">{chordName(keys.value.mute)}</kbd>
        </button>
      )}
    </p>
  );
}
