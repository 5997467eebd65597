import { useEffect, useState } from "preact/hooks";
import { departments } from "../api/desk";
import { Refused } from "../api/calls";
import type { Choice, Nearby } from "../api/case";
import type { Incident, Names } from "../api/types";
import { whoIsOn } from "../state/duty";
import { open } from "../state/incidents";
import { personNamed } from "../state/people";
import { classNamed, named, words } from "../words";
import type { Field as Asked } from "./fields";
import { asJpeg } from "./photos";
import { text } from "./words";

const STARS = [1, 2, 3, 4, 5] as const;

export interface About {
  incident: Incident;
  choice: Choice | null;
  candidates: readonly Nearby[];
}

/** One field of a step, as its name needs it. */
export function Field({ field, about, photos, setPhotos }: {
  field: Asked;
  about: About;
  photos: readonly Blob[];
  setPhotos: (photos: readonly Blob[]) => void;
}) {
  const say = text.value;
  const { name, needed } = field;
  const label = (
    <span>
      {say.fields[name]} {!needed && <small>{say.optional}</small>}
    </span>
  );
  if (name === "photos") return <Photos label={label} photos={photos} setPhotos={setPhotos} />;
  if (name === "handler") return <Handler label={label} incident={about.incident} />;
  if (name === "organisation") return <label class="case-field">{label}<Organisations name="organisation" empty={say.byRule} /></label>;
  if (name === "into") return <Into label={label} about={about} />;
  if (name === "stars") {
    return (
      <fieldset class="case-field stars">
        <legend>{label}</legend>
        {STARS.map((n) => (
          <label key={n} class="choice"><input type="radio" name="stars" value={n} /> {say.star(String(n))}</label>
        ))}
      </fieldset>
    );
  }
  if (name === "hours") {
    return <label class="case-field">{label}<input name="hours" type="number" min="0.5" max="2208" step="0.5" inputMode="decimal" /></label>;
  }
  const options = optionsOf(name, about);
  if (options) {
    return (
      <label class="case-field">
        {label}
        <select name={name}>
          {options.map(([value, shown]) => <option key={value} value={value}>{shown}</option>)}
        </select>
      </label>
    );
  }
  return <label class="case-field">{label}<textarea name={name} rows={2} maxLength={500} /></label>;
}

/** Values of a field that is chosen from a list, with their words. */
function optionsOf(name: string, { incident, choice }: About): [string, string][] | null {
  const say = text.value;
  if (name === "to") return (choice?.targets ?? []).map((state) => [state, words.value.states[state]]);
  if (name === "wish") {
    const asked = incident.pending.filter((one) => one !== "supervise");
    return asked.map((one) => [one, say.wishes[one] ?? one]);
  }
  return name === "form" ? Object.entries(say.forms) : null;
}

function Handler({ label, incident }: { label: preact.ComponentChild; incident: Incident }) {
  const [people, setPeople] = useState<readonly string[]>([]);
  const grid = incident.area.grid?.id;
  useEffect(() => {
    if (!grid) return;
    whoIsOn(grid).then(
      (duty) => setPeople([...new Set([duty.primary, duty.backup, duty.grid_leader].filter((one) => one !== null))]),
      // Whoever may not see the roster writes the name by hand.
      (error: unknown) => {
        if (!(error instanceof Refused)) throw error;
      },
    );
  }, [grid]);
  return (
    <label class="case-field">
      {label}
      <input name="handler" list="case-handlers" maxLength={100} autocomplete="off" />
      <datalist id="case-handlers">{people.map((one) => <option key={one} value={one}>{personNamed(one)}</option>)}</datalist>
      {people.length > 0 && <small>{text.value.onDutyHere} {people.map((one) => `${personNamed(one)} ${one}`).join(" · ")}</small>}
    </label>
  );
}

function Into({ label, about }: { label: preact.ComponentChild; about: About }) {
  const near = new Set(about.candidates.map((one) => one.incident_id));
  const others = open.value.filter((one) => one.id !== about.incident.id && !near.has(one.id));
  return (
    <label class="case-field">
      {label}
      <input name="into" list="case-others" maxLength={40} autocomplete="off" />
      <datalist id="case-others">
        {about.candidates.map((one) => <option key={one.incident_id} value={one.number}>{classNamed(one.event_class)}</option>)}
        {others.map((one) => <option key={one.id} value={one.number}>{classNamed(one.event_class)} {named(one.point.name)}</option>)}
      </datalist>
    </label>
  );
}

/** Every department and company; `empty`: what it means that none is chosen. */
export function Organisations({ name, empty, many = false }: { name: string; empty?: string; many?: boolean }) {
  const [known, setKnown] = useState<readonly { id: string; name: Names }[]>([]);
  useEffect(() => {
    departments().then(setKnown, (error: unknown) => {
      if (!(error instanceof Refused)) throw error;
    });
  }, []);
  if (many) {
    return (
      <div class="case-ticks">
        {known.map((one) => (
          <label key={one.id} class="choice"><input type="checkbox" name={name} value={one.id} /> {named(one.name)}</label>
        ))}
      </div>
    );
  }
  return (
    <select name={name}>
      <option value="">{empty}</option>
      {known.map((one) => <option key={one.id} value={one.id}>{named(one.name)}</option>)}
    </select>
  );
}

/** Photos to send along: made smaller here, and shown as a count until they are sent. */
export function Photos({ label, photos, setPhotos }: {
  label: preact.ComponentChild;
  photos: readonly Blob[];
  setPhotos: (photos: readonly Blob[]) => void;
}) {
  const [bad, setBad] = useState(false);
  async function take(input: HTMLInputElement): Promise<void> {
    const files = [...(input.files ?? [])];
    input.value = "";
    try {
      const added = await Promise.all(files.map(asJpeg));
      setPhotos([...photos, ...added].slice(0, 9));
      setBad(false);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      setBad(true);
    }
  }
  return (
    <div class="case-field">
      <label>
        {label}
        <input type="file" accept="image/*" multiple onChange={(event) => void take(event.currentTarget)} />
      </label>
      {photos.length > 0 && (
        <p class="note">
          {text.value.photoCount(String(photos.length))}{" "}
          <button type="button" class="quiet" onClick={() => setPhotos([])}>{text.value.clearPhotos}</button>
        </p>
      )}
      {bad && <p class="fault" role="alert">{text.value.photoBad}</p>}
    </div>
  );
}
