import { computed, effect, signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Refused } from "../api/calls";
import { type EventClassOut, nearby } from "../api/phone";
import { classNamed, named, withoutRemark } from "../words";
import { known, reference } from "./cases";
import { ClassPicker } from "./ClassPicker";
import { onDuty, position } from "./duty";
import { LazyMap } from "./LazyMap";
import { me, reached } from "./me";
import { PhotoTray } from "./PhotoTray";
import type { Position } from "./queue";
import { aboutOf } from "./say";
import { act } from "./sender";
import { draft, type KeptPhoto, putDraft } from "./store";
import { distance, like } from "./tasks";
import { text } from "./words";

interface Near {
  id: string;
  name: string;
  metres: number | null;
}

const kind = signal<EventClassOut | null>(null);
const where = signal<Position | null>(null);
const photos = signal<readonly KeptPhoto[]>([]);
const said = signal("");
const near = signal<readonly Near[]>([]);
/** Nothing of what is near is it. */
const isNew = signal(false);
const stage = computed(() => near.value.length > 0 && !isNew.value);

/** The report that is being made, in the drafts. */
const DRAFT = "report";
let recalled = false;

/** Another person's report is none of whoever logs in next. */
effect(() => {
  if (me.value === null) clear();
});

/** Go on with what was begun, and keep what is begun from now on. */
async function recall(): Promise<void> {
  if (recalled) return;
  recalled = true;
  const begun = await draft(DRAFT);
  if (begun) {
    kind.value = reference.value.classes.find((one) => one.code === begun.name) ?? null;
    [said.value, where.value, photos.value] = [begun.words, begun.where, begun.taken];
  }
  effect(() => {
    const kept = { name: kind.value?.code ?? "", words: said.value, hours: "", where: where.value };
    void putDraft(DRAFT, kept.name || kept.words || kept.where || photos.value.length ? kept : null, photos.value);
  });
}

/** 随手拍: what, where, a photo, a sentence; what is perhaps the same and near is offered first. */
export function Report() {
  const fault = useSignal<"needKind" | "needWhere" | "needWords" | null>(null);
  const told = useSignal<"stored" | "added" | null>(null);
  const { report, list } = text.value;

  useEffect(() => void recall(), []);
  useEffect(() => {
    isNew.value = false;
    void look();
  }, [kind.value, where.value]);

  async function send(): Promise<void> {
    fault.value = !kind.value ? "needKind" : !where.value ? "needWhere" : !said.value.trim() ? "needWords" : null;
    if (fault.value || !kind.value || !where.value) return;
    const { code, name } = kind.value;
    const { lon, lat } = where.value;
    const about = { zh: withoutRemark(name.zh), en: withoutRemark(name.en) };
    await act({
      about, photos: photos.value, place: where.value,
      act: { kind: "report", eventClass: code, words: said.value.trim(), where: { lon, lat } }, draft: DRAFT,
    });
    clear();
    told.value = "stored";
  }

  /** It is known already: what was seen goes to that case. */
  async function add(id: string): Promise<void> {
    const one = known.value.get(id);
    const name = near.value.find((other) => other.id === id)?.name ?? "";
    const words = said.value.trim() || report.title;
    await act({
      caseId: id, about: one ? aboutOf(one) : { zh: name, en: name }, base: one?.incident.version ?? 0, photos: photos.value,
      place: where.value, act: { kind: "note", note: "visit", words }, draft: DRAFT,
    });
    clear();
    told.value = "added";
  }

  return (
    <>
      <div class="page-head"><h1 tabIndex={-1}>{report.title}</h1></div>
      <p class="good" role="status">{told.value && report[told.value]}</p>
      <PhotoTray photos={photos.value} what={kind.value ? classNamed(kind.value) : report.title}
        onChange={(all) => (photos.value = all)} />
      <ClassPicker chosen={kind.value} onChoose={(one) => (kind.value = one)} />
      <section aria-labelledby="report-where">
        <h2 id="report-where">{report.where}</h2>
        <div class="row">
          <button type="button" class="button" disabled={!position.value}
            onClick={() => (where.value = position.value && { lon: position.value.lon, lat: position.value.lat })}>
            {report.here}
          </button>
        </div>
        {!onDuty.value && <p class="off-duty">{report.notHere} <a class="button" href="#/me">{list.goOnDuty}</a></p>}
        {where.value && <p role="status">{report.chosen(where.value.lat.toFixed(5), where.value.lon.toFixed(5))}</p>}
        <label class="field">
          <span>{report.atPoint}</span>
          <select onChange={(event) => choosePoint(event.currentTarget.value)}>
            <option value="">{report.pickPoint}</option>
            {reference.value.points.map(({ properties: { id, name } }) => <option key={id} value={id}>{named(name)}</option>)}
          </select>
        </label>
        <details>
          <summary>{report.onMap}</summary>
          <LazyMap at={where.value} onPick={(at) => (where.value = at)} />
        </details>
      </section>
      <label class="field">
        <span>{report.words}</span>
        <textarea rows={3} maxLength={1000} value={said.value} onInput={(event) => (said.value = event.currentTarget.value)} />
      </label>
      {stage.value && (
        <section class="near" aria-labelledby="near-title">
          <h2 id="near-title">{report.near}</h2>
          <p class="note">{report.nearHint}</p>
          <ul class="cards">
            {near.value.map((one) => (
              <li key={one.id} class="item">
                <p><b>{one.name}</b>{one.metres !== null && <> · {report.metres(Math.round(one.metres))}</>}</p>
                <button type="button" class="button" onClick={() => void add(one.id)}>{report.same}</button>
              </li>
            ))}
          </ul>
          <button type="button" class="button" onClick={() => (isNew.value = true)}>{report.notSame}</button>
        </section>
      )}
      <p class="fault" role="alert">{fault.value && report[fault.value]}</p>
      <div class="do">
        <button type="button" class="button primary big" disabled={stage.value} onClick={() => void send()}>{report.send}</button>
      </div>
    </>
  );
}

function choosePoint(id: string): void {
  const [lon, lat] = reference.value.points.find((one) => one.properties.id === id)?.geometry.coordinates ?? [];
  if (lon !== undefined && lat !== undefined) where.value = { lon, lat };
}

function clear(): void {
  kind.value = where.value = null;
  photos.value = near.value = [];
  said.value = "";
  isNew.value = false;
}

/** What is near by the cloud; without network, by what this device has seen. */
async function look(): Promise<void> {
  const at = where.value;
  const code = kind.value?.code;
  near.value = [];
  if (!at || !code || reference.value.classes.length === 0) return;
  let found: Near[] | null = null;
  if (reached.value) {
    try {
      const all = await nearby(code, at.lon, at.lat);
      found = all.map((one) => ({ id: one.incident_id, name: `${named(one.event_class.name)} ${one.number}`, metres: one.metres }));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }
  found ??= like(known.value.values(), code, at).map((one) => ({
    id: one.id, name: `${classNamed(one.incident.event_class)} ${one.incident.number}`, metres: distance(one.incident, at),
  }));
  if (where.value === at && kind.value?.code === code) near.value = found;
}
