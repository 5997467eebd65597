import { type Zone, withoutZone, withZone } from "./draft";
import { choose, moveCorner } from "./drawing";
import { placed } from "./draft";
import { Fault, invalid } from "./Fault";
import { Rules } from "./Rules";
import { change, chosen, corner, draft } from "./state";
import { named } from "../words";
import { text } from "./words";

/** The camera's zones, and the chosen one in full. */
export function Zones() {
  const { zones: t } = text.value;
  const zones = draft.value?.zones ?? [];
  const at = Math.min(chosen.value, zones.length - 1);
  const zone = zones[at];
  return (
    <section class="editor-card" aria-labelledby="zones-title">
      <h3 id="zones-title">{t.title}</h3>
      {zones.length === 0 && <p class="nothing">{t.empty}</p>}
      <ul class="zone-list">
        {zones.map((one, n) => (
          <li key={one.id}>
            <button type="button" class="button" aria-pressed={n === at} onClick={() => choose(n)}>
              {named(one.name)} <small>{t.rules(one.rules?.length ?? 0)}</small>
            </button>
          </li>
        ))}
      </ul>
      {zone && <ZoneForm key={`${at}`} zone={zone} at={at} />}
    </section>
  );
}

function ZoneForm({ zone, at }: { zone: Zone; at: number }) {
  const { zones: t } = text.value;
  const path = `zones/${at}`;

  function put(more: Partial<Zone>, field: string): void {
    const now = draft.value;
    if (now) change(withZone(now, at, { ...zone, ...more } as Zone), `zone ${at} ${field}`);
  }

  return (
    <div class="zone-form">
      <Fault at={path} />
      <div class="pair">
        <label class="asked">
          <span>{t.nameZh}</span>
          <input value={zone.name.zh} lang="zh" {...invalid(`${path}/name/zh`)} onInput={(event) => put({ name: { ...zone.name, zh: event.currentTarget.value } }, "zh")} />
          <Fault at={`${path}/name/zh`} />
        </label>
        <label class="asked">
          <span>{t.nameEn}</span>
          <input value={zone.name.en} lang="en" {...invalid(`${path}/name/en`)} onInput={(event) => put({ name: { ...zone.name, en: event.currentTarget.value } }, "en")} />
          <Fault at={`${path}/name/en`} />
        </label>
      </div>
      <div class="pair">
        <label class="asked">
          <span>{t.id}</span>
          <input value={zone.id} {...invalid(`${path}/id`)} onInput={(event) => put({ id: event.currentTarget.value.trim() }, "id")} />
          <Fault at={`${path}/id`} />
        </label>
        <label class="asked">
          <span>{t.place}</span>
          <input value={String(zone.place ?? "")} title={t.placeHint} {...invalid(`${path}/place`)} onInput={(event) => place(event.currentTarget.value.trim())} />
          <Fault at={`${path}/place`} />
        </label>
      </div>
      <Fault at={`${path}/polygon`} />
      <Rules zone={zone} at={at} put={(rules) => put({ rules }, "")} />
      <details>
        <summary>{t.corners}</summary>
        <ol class="corners">
          {zone.polygon.map(([x, y], n) => (
            <li key={n}>
              <Part label={`${n + 1} ${t.across}`} value={x} onValue={(value) => moveCorner(at, n, placed(value, y))} onFocus={() => (corner.value = n)} />
              <Part label={`${n + 1} ${t.down}`} value={y} onValue={(value) => moveCorner(at, n, placed(x, value))} onFocus={() => (corner.value = n)} />
            </li>
          ))}
        </ol>
      </details>
      <button type="button" class="button aside" onClick={() => draft.value && change(withoutZone(draft.value, at))}>{t.remove}</button>
    </div>
  );

  function place(value: string): void {
    const { place: _, ...rest } = zone;
    const now = draft.value;
    if (now) change(withZone(now, at, value ? { ...rest, place: value } : rest), `zone ${at} place`);
  }
}

function Part({ label, value, onValue, onFocus }: { label: string; value: number; onValue: (value: number) => void; onFocus: () => void }) {
  return (
    <label class="asked">
      <span>{label}</span>
      <input
        type="number"
        min={0}
        max={100}
        step={0.1}
        value={Math.round(value * 1000) / 10}
        onFocus={onFocus}
        onInput={(event) => {
          const given = event.currentTarget.valueAsNumber;
          if (Number.isFinite(given)) onValue(given / 100);
        }}
      />
    </label>
  );
}
