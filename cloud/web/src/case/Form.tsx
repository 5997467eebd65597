import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { busy, form, outcome } from "./act";
import { text } from "./words";

/** A form of this page: it takes the focus, closes on Escape, and keeps what was written when it is refused. */
export function Form({ title, onSubmit, children }: {
  title: string;
  onSubmit: (fields: FormData) => void;
  children: ComponentChildren;
}) {
  const own = useRef<HTMLFormElement>(null);
  useEffect(() => own.current?.querySelector<HTMLElement>("input, select, textarea")?.focus(), []);
  const close = (): void => {
    form.value = null;
    outcome.value = null;
  };
  return (
    <form
      ref={own}
      class="case-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy.value) onSubmit(new FormData(event.currentTarget));
      }}
      onKeyDown={(event) => {
        if (event.code !== "Escape") return;
        event.stopPropagation();
        close();
      }}
    >
      <fieldset disabled={busy.value}>
        <legend>{title}</legend>
        {children}
        <div class="action-row">
          <button type="submit" class="button primary">{busy.value ? text.value.sending : text.value.confirm(title)}</button>
          <button type="button" class="button" onClick={close}>{text.value.cancel}</button>
        </div>
      </fieldset>
    </form>
  );
}

/** What became of it. */
export function Outcome() {
  return (
    <p class={outcome.value?.good ? "outcome good" : "outcome"} role="status">{outcome.value?.text}</p>
  );
}

export function refuse(why: string): void {
  outcome.value = { good: false, text: why };
}
