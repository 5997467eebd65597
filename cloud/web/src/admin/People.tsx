import { useState } from "preact/hooks";
import { changePerson, people, type Person, resetPassword } from "../api/admin";
import { useDoing, useLoaded } from "../office/asking";
import { areaNamed } from "../office/places";
import { Fault, Frame } from "../office/Sheet";
import { text as shared } from "../office/words";
import { organisationNamed } from "../state/organisations";
import { named, words } from "../words";
import { PersonForm } from "./PersonForm";
import { Secret } from "./Secret";
import { Sure } from "./Sure";
import { text } from "./words";

const COLUMNS = ["username", "name", "roles", "areas", "organisation", "state", "tools"] as const;

/** Everybody with an account. */
export function People() {
  const found = useLoaded(people, []);
  const [sought, setSought] = useState("");
  const [editing, setEditing] = useState<Person | "new" | null>(null);
  const [given, setGiven] = useState<{ who: string; password: string } | null>(null);
  const { columns } = text.value;
  const fits = (one: Person): boolean =>
    [one.username, one.name.zh, one.name.en, one.organisation ?? ""].some((part) => part.toLowerCase().includes(sought.trim().toLowerCase()));
  return (
    <>
      <div class="narrow">
        <label><span>{text.value.search}</span><input type="search" value={sought} onInput={(event) => setSought(event.currentTarget.value)} /></label>
        <button type="button" class="button" aria-expanded={editing === "new"} onClick={() => setEditing("new")}>{text.value.add}</button>
      </div>
      {given && <Secret about={text.value.once(given.who)} secret={given.password} />}
      {editing && (
        <PersonForm
          key={editing === "new" ? "" : editing.username} person={editing === "new" ? null : editing}
          onClose={() => setEditing(null)}
          onDone={(password, who) => {
            setEditing(null);
            if (password) setGiven({ who, password });
            found.again();
          }}
          onStale={found.again}
        />
      )}
      <Fault refused={found.refused} again={found.again} />
      {!found.value && found.loading && <p class="nothing">{shared.value.loading}</p>}
      {found.value && (
        <Frame label={text.value.parts.people}>
          <table class="sheet people">
            <thead><tr>{COLUMNS.map((one) => <th key={one} scope="col">{columns[one]}</th>)}</tr></thead>
            <tbody>
              {found.value.filter(fits).map((one) => (
                <Row
                  key={one.username} person={one} onEdit={() => setEditing(one)} onChange={found.again}
                  onGiven={(password) => setGiven({ who: one.username, password })}
                />
              ))}
            </tbody>
          </table>
        </Frame>
      )}
    </>
  );
}

function Row({ person, onEdit, onChange, onGiven }: {
  person: Person;
  onEdit: () => void;
  onChange: () => void;
  onGiven: (password: string) => void;
}) {
  const doing = useDoing();
  const locked = person.locked_at !== null;
  const { roles } = words.value.top;
  async function lock(): Promise<void> {
    await doing.run(() => changePerson(person, { locked: !locked }));
    onChange();
  }
  async function reset(): Promise<void> {
    await doing.run(async () => onGiven((await resetPassword(person)).password));
    onChange();
  }
  return (
    <tr data-person={person.username}>
      <th scope="row">{person.username}</th>
      <td>{named(person.name)}</td>
      <td>{person.roles.map((one) => roles[one]).join(" · ")}</td>
      <td>{person.areas.length > 0 ? person.areas.map(areaNamed).join(" · ") : <small>{text.value.wholeStreet}</small>}</td>
      <td>{person.organisation && organisationNamed(person.organisation)}</td>
      <td class="nowrap">
        {locked ? <span class="bad">▲ {text.value.locked}</span> : <span class="good">● {text.value.active}</span>}
        {!person.has_password && <small> {text.value.noPassword}</small>}
      </td>
      <td>
        <div class="row-tools">
          <button type="button" class="link" onClick={onEdit}>{text.value.edit}</button>
          <Sure title={text.value.reset} busy={doing.busy} onSure={() => void reset()} />
          <Sure title={locked ? text.value.unlock : text.value.lock} busy={doing.busy} onSure={() => void lock()} />
        </div>
        <Fault refused={doing.refused} />
      </td>
    </tr>
  );
}
