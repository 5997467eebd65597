import { useEffect, useRef } from "preact/hooks";
import { addPerson, changePerson, type Person } from "../api/admin";
import { useDoing } from "../office/asking";
import { Fault } from "../office/Sheet";
import { text as shared } from "../office/words";
import { words } from "../words";
import { text } from "./words";

/** Add somebody, or change who is there. */
export function PersonForm({ person, onClose, onDone, onStale }: {
  person: Person | null;
  onClose: () => void;
  onDone: (password: string | null, who: string) => void;
  onStale: () => void;
}) {
  const form = useRef<HTMLFormElement>(null);
  const doing = useDoing();
  useEffect(() => form.current?.querySelector<HTMLElement>("input")?.focus(), []);
  const { roles } = words.value.top;
  const every = Object.keys(roles) as (keyof typeof roles)[];

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (!form.current) return;
    const fields = new FormData(form.current);
    const value = (name: string): string => String(fields.get(name) ?? "").trim();
    const about = {
      name: { zh: value("zh"), en: value("en") },
      roles: every.filter((one) => fields.getAll("roles").includes(one)),
      areas: value("areas").split(/\s+/).filter(Boolean),
      organisation: value("organisation") || null,
    };
    const username = person?.username ?? value("username");
    let password: string | null = null;
    const done = await doing.run(async () => {
      if (person) await changePerson(person, about);
      else password = (await addPerson({ username, ...about })).password;
    });
    if (done) onDone(password, username);
    else onStale();
  }

  return (
    <form ref={form} class="form card" aria-label={person ? `${text.value.edit} ${person.username}` : text.value.add} onSubmit={(event) => void submit(event)}>
      <div class="narrow">
        {!person && (
          <label><span>{text.value.columns.username}</span><input name="username" required pattern="[a-z0-9][a-z0-9._\-]{0,63}" autocapitalize="none" spellcheck={false} /></label>
        )}
        <label><span>{text.value.nameZh}</span><input name="zh" required defaultValue={person?.name.zh ?? ""} /></label>
        <label><span>{text.value.nameEn}</span><input name="en" required defaultValue={person?.name.en ?? ""} /></label>
        <label><span>{text.value.organisation}</span><input name="organisation" defaultValue={person?.organisation ?? ""} /></label>
        <label class="wide-field"><span>{text.value.areas}</span><input name="areas" defaultValue={person?.areas.join(" ") ?? ""} /></label>
      </div>
      <fieldset>
        <legend class="note">{text.value.roles}</legend>
        {every.map((one) => (
          <label key={one} class="choice">
            <input type="checkbox" name="roles" value={one} defaultChecked={person?.roles.includes(one) ?? false} /> <b>{roles[one]}</b>
          </label>
        ))}
      </fieldset>
      <Fault refused={doing.refused} />
      <div class="row-tools">
        <button type="submit" class="button primary" aria-disabled={doing.busy}>{doing.busy ? shared.value.working : shared.value.save}</button>
        <button type="button" class="button" onClick={onClose}>{shared.value.cancel}</button>
      </div>
    </form>
  );
}
