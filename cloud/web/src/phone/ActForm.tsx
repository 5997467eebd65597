import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { position } from "./duty";
import { PhotoTray } from "./PhotoTray";
import type { Act, NoteKind } from "./queue";
import { aboutOf, actNamed } from "./say";
import { act } from "./sender";
import { type draft, type KeptCase, type KeptPhoto, putDraft } from "./store";
import type { Offer, Step } from "./choose";
import { text } from "./words";

export type Asked = { step: Offer } | { note: Exclude<NoteKind, "received"> };
export type Begun = Awaited<ReturnType<typeof draft>>;

interface Wanted {
  one: KeptCase;
  asked: Asked;
  /** How far it had come when the page was ended. */
  begun: Begun;
  onDone(): void;
}

/** What an action still needs: words, hours, photos. What is in it outlives the page, and is sent once it is submitted. */
export function ActForm({ one, asked, begun, onDone }: Wanted) {
  const { form } = text.value;
  const frame = useRef<HTMLFormElement>(null);
  const photos = useSignal<readonly KeptPhoto[]>(begun?.taken ?? []);
  const said = useSignal(begun?.words ?? "");
  const hours = useSignal(begun?.hours ?? "2");
  const fault = useSignal<"needPhoto" | "needWords" | null>(null);
  const working = useSignal(false);
  const name = actNamed(nameOf(asked));
  const step = "step" in asked ? asked.step : null;
  const takesPhotos = step ? step.takesPhotos : true;
  const needsWords = step ? step.reason : nameOf(asked) === "support";
  const takesWords = step ? step.reason : true;

  useEffect(() => frame.current?.scrollIntoView({ block: "nearest" }), []);
  useSignalEffect(() => {
    const kept = { name: nameOf(asked), words: said.value, hours: hours.value, where: null };
    void putDraft(one.id, kept.words || photos.value.length ? kept : null, photos.value);
  });

  async function cancel(): Promise<void> {
    await putDraft(one.id, null, []);
    onDone();
  }

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (working.value) return;
    const words = said.value.trim();
    if (needsWords && !words) fault.value = "needWords";
    else if (!step && !words && photos.value.length === 0) fault.value = "needWords";
    else if (step?.needsPhotos && photos.value.length === 0) fault.value = "needPhoto";
    else {
      working.value = true;
      const at = position.value;
      await act({
        caseId: one.id, about: aboutOf(one), base: one.incident.version, photos: photos.value,
        place: at && { lon: at.lon, lat: at.lat }, act: actOf(asked, words, Number(hours.value)), draft: one.id,
      });
      onDone();
    }
  }

  return (
    <form ref={frame} class="act-form" onSubmit={(event) => void submit(event)} aria-label={name}>
      <h2>{name}</h2>
      {takesPhotos && (
        <PhotoTray photos={photos.value} what={`${one.incident.number} ${name}`} onChange={(all) => (photos.value = all)}
          before={step ? { url: one.incident.thumbnail_url, copy: one.picture } : null} />
      )}
      {step?.step === "ask_extend" && (
        <label class="field">
          <span>{form.hours}</span>
          <input name="hours" type="number" inputMode="decimal" min="0.5" max="72" step="0.5" required value={hours.value}
            onInput={(event) => (hours.value = event.currentTarget.value)} />
        </label>
      )}
      {takesWords && (
        <label class="field">
          <span>{nameOf(asked) === "support" ? form.support : step ? form.reason : form.words}</span>
          <textarea name="words" rows={3} maxLength={500} value={said.value} onInput={(event) => (said.value = event.currentTarget.value)} />
        </label>
      )}
      <p class="fault" role="alert">{fault.value && form[fault.value]}</p>
      <div class="row">
        <button type="button" class="button big aside" onClick={() => void cancel()}>{form.cancel}</button>
        <button type="submit" class="button primary big" disabled={working.value}>{form.send(name)}</button>
      </div>
    </form>
  );
}

function nameOf(asked: Asked): Step | NoteKind {
  return "step" in asked ? asked.step.step : asked.note;
}

function actOf(asked: Asked, words: string, hours: number): Act {
  if ("note" in asked) return { kind: "note", note: asked.note, words: words || actNamed(asked.note) };
  const { step } = asked.step;
  const more = step === "ask_extend" && hours > 0 ? { hours } : {};
  return { kind: "step", action: step, reason: words || null, ...more };
}
