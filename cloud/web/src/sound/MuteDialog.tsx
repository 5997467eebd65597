import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { now } from "../state/clock";
import { Dialog } from "../wall/Dialog";
import { figureOf } from "../wall/commands";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { maySilence, muteShown, muteTrouble, silence, silenced, sound } from "./mute";
import { text as catalogue } from "./words";

const MINUTES = [1, 3, 5, 10] as const;

/** Silence with a reason and an end; or let it sound again. */
export function MuteDialog() {
  if (!muteShown.value || !maySilence()) return null;
  const text = catalogue.value;
  return (
    <Dialog name="mute" label={text.title} onClose={() => (muteShown.value = false)}>
      <h2>{text.title}</h2>
      {silenced.value ? <Running /> : <Ask />}
      {muteTrouble.value && <p class="fault" role="alert">{muteTrouble.value}</p>}
    </Dialog>
  );
}

function Running() {
  const text = catalogue.value;
  const running = silenced.value;
  if (!running) return null;
  return (
    <>
      <p>{text.until(formatWhen(running.until, words.value.locale, now.value), running.reason)}</p>
      <button
        type="button" class="button primary" autofocus
        onClick={() => void sound().then(() => (muteShown.value = false))}
      >
        {text.again}
      </button>
    </>
  );
}

function Ask() {
  const text = catalogue.value;
  const form = useRef<HTMLFormElement>(null);
  const minutes = useSignal<number>(5);
  const missing = useSignal(false);
  useEffect(() => form.current?.querySelector<HTMLElement>("input")?.focus(), []);

  function submit(event: Event): void {
    event.preventDefault();
    const fields = new FormData(form.current ?? undefined);
    const reason = [fields.get("choice"), fields.get("words")].map((one) => String(one ?? "").trim()).filter(Boolean);
    missing.value = reason.length === 0;
    if (reason.length === 0) return;
    void silence(reason.join(" · "), minutes.value).then((done) => {
      if (done) muteShown.value = false;
    });
  }

  function pick(event: KeyboardEvent): void {
    const figure = figureOf(event);
    if (figure === null || (event.target as Element).matches("input[type=text]")) return;
    const choice = form.current?.querySelectorAll<HTMLInputElement>("input[name=choice]")[figure - 1];
    if (!choice) return;
    choice.checked = true;
    choice.focus();
  }

  return (
    <form ref={form} class="reason" onSubmit={submit} onKeyDown={pick}>
      <p class="note">{text.rules}</p>
      <fieldset>
        <legend>{text.reason}</legend>
        {text.reasons.map((one, at) => (
          <label key={one} class="choice">
            <input type="radio" name="choice" value={one} /> {one} <kbd aria-hidden="true">{at + 1}</kbd>
          </label>
        ))}
        <label class="field">
          <span>{text.other}</span>
          <input type="text" name="words" maxLength={300} />
        </label>
        <div class="spans" role="group" aria-label={text.forHow}>
          {MINUTES.map((one) => (
            <button key={one} type="button" class="button" aria-pressed={minutes.value === one} onClick={() => (minutes.value = one)}>
              {text.minutes(String(one))}
            </button>
          ))}
        </div>
        {missing.value && <p class="fault" role="alert">{text.needs}</p>}
        <button type="submit" class="button primary">{text.confirm}</button>
      </fieldset>
    </form>
  );
}
