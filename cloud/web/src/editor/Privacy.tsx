import { Fault, invalid } from "./Fault";
import { change, draft, edited } from "./state";
import { text } from "./words";

/** What the camera is for and whether a sign says so: asked of whoever draws zones in other people's pictures. */
export function Privacy() {
  const { privacy: t } = text.value;
  const now = draft.value;
  const owner = edited.value?.site.owner;
  if (!now) return null;
  return (
    <section class="editor-card" aria-labelledby="privacy-title">
      <h3 id="privacy-title">{t.title}</h3>
      <p class="note">{t.why}</p>
      <label class="asked">
        <span>{t.purpose}</span>
        <textarea
          rows={2}
          maxLength={500}
          placeholder={t.purposeHint}
          value={now.purpose}
          {...invalid("purpose")}
          onInput={(event) => change({ ...now, purpose: event.currentTarget.value }, "purpose")}
        />
        <Fault at="purpose" />
      </label>
      <label class="tick">
        <input
          type="checkbox"
          checked={now.signage}
          {...invalid("signage")}
          onChange={(event) => change({ ...now, signage: event.currentTarget.checked })}
        />
        {t.signage}
      </label>
      <Fault at="signage" />
      {owner && <p class="note">{t.owner(owner)}</p>}
    </section>
  );
}
