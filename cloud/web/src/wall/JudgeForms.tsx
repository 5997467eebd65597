import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { falseReasons } from "../api/desk";
import type { Incident } from "../api/types";
import { inFlight } from "../state/actions";
import { classes } from "../state/classes";
import { about, form, judgeAs, judgeFalse } from "../state/desk";
import { once } from "../state/once";
import { named, words } from "../words";
import { figureOf } from "./commands";
import { text as desk } from "./words";

const reasons = once(falseReasons);
/** The reason that says nothing without words of one's own. */
const OTHER = "other";
const SHOWN = 8;

/** Why it is false: a figure, or a click, submits. */
export function FalseForm({ incident }: { incident: Incident }) {
  const text = desk.value.judge;
  const box = useRef<HTMLFormElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const missing = useSignal(false);
  const busy = inFlight.value.has(incident.id);
  useEffect(reasons.ask, []);
  useEffect(() => box.current?.querySelector<HTMLElement>("button")?.focus(), [reasons.value]);

  function choose(at: number): void {
    const reason = reasons.value[at];
    if (!reason || busy) return;
    const own = field.current?.value.trim() ?? "";
    missing.value = reason.id === OTHER && own === "";
    if (missing.value) field.current?.focus();
    else void judgeFalse(about.value, reason.id, [named(reason.name), own].filter(Boolean).join(" · "));
  }

  function onKey(event: KeyboardEvent): void {
    const figure = figureOf(event);
    if (figure === null || event.target instanceof HTMLTextAreaElement) return;
    event.preventDefault();
    choose(figure - 1);
  }

  return (
    <form ref={box} class="reason" onSubmit={(event) => event.preventDefault()} onKeyDown={onKey}>
      <fieldset disabled={busy}>
        <legend>{text.reasonOf}</legend>
        <div class="reasons">
          {reasons.value.map((one, at) => (
            <button key={one.id} type="button" class="button reason-of" onClick={() => choose(at)}>
              <kbd>{(at + 1) % 10}</kbd> {named(one.name)}
            </button>
          ))}
        </div>
        <label class="words">
          <span>{text.wordsToo}</span>
          <textarea ref={field} name="words" rows={2} maxLength={400} />
        </label>
        {missing.value && <p class="fault" role="alert">{text.wordsNeeded}</p>}
        <Cancel />
      </fieldset>
    </form>
  );
}

/** What it really is. */
export function ClassForm({ incident }: { incident: Incident }) {
  const text = desk.value.judge;
  const field = useRef<HTMLInputElement>(null);
  const typed = useSignal("");
  const busy = inFlight.value.has(incident.id);
  useEffect(classes.ask, []);
  useEffect(() => field.current?.focus(), []);
  const wanted = typed.value.trim().toLowerCase();
  const found = classes.value
    .filter((one) => one.code !== incident.event_class.code)
    .filter((one) => [one.code, one.name.zh, one.name.en].some((part) => part.toLowerCase().includes(wanted)))
    .slice(0, SHOWN);

  function choose(code: string | undefined): void {
    if (code && !busy) void judgeAs(about.value, { verdict: "other_class", event_class: code });
  }

  return (
    <form
      class="reason"
      onSubmit={(event) => {
        event.preventDefault();
        choose(wanted ? found[0]?.code : undefined);
      }}
    >
      <fieldset disabled={busy}>
        <legend>{text.classOf}</legend>
        <input
          ref={field} class="search" type="search" value={typed.value} placeholder={text.classPlaceholder}
          aria-label={text.classPlaceholder} onInput={(event) => (typed.value = event.currentTarget.value)}
        />
        <div class="reasons">
          {found.map((one) => (
            <button key={one.code} type="button" class="button reason-of" onClick={() => choose(one.code)}>
              {named(one.name)} <small>{one.code}</small>
            </button>
          ))}
        </div>
        {wanted && found.length === 0 && <p class="fault" role="alert">{text.noClass}</p>}
        <Cancel />
      </fieldset>
    </form>
  );
}

export function Cancel() {
  return (
    <button type="button" class="button" onClick={() => (form.value = null)}>
      {words.value.act.cancel} <kbd aria-hidden="true">Esc</kbd>
    </button>
  );
}
