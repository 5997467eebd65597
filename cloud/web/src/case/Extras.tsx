import { useState } from "preact/hooks";
import { addNote, escalate, nameAsset } from "../api/case";
import { whistle } from "../api/desk";
import { randomId } from "../api/ids";
import type { Session } from "../api/types";
import { isFinished } from "../state/order";
import { hasRole, session } from "../state/session";
import { act } from "./act";
import { Organisations, Photos } from "./Field";
import { mayHandUp } from "./fields";
import { Form, refuse } from "./Form";
import type { CaseFile } from "./load";
import { stepNamed } from "./names";
import { send } from "./photos";
import { text } from "./words";

type Roles = Session["user"]["roles"];
const CALLERS: Roles = ["leader", "street", "community"];
const WORKERS: Roles = ["operator", "leader", "street", "community", "grid_leader", "grid_worker", "department"];

/** What else may be done to a case: it changes no state, or has a door of its own. */
export function extrasOf(file: CaseFile): string[] {
  const { incident } = file;
  const found: string[] = [];
  if (!isFinished(incident) && hasRole(...CALLERS)) found.push("whistle");
  if (!isFinished(incident) && mayHandUp(incident, session.value?.user.roles ?? [])) found.push("escalate");
  if (hasRole(...WORKERS)) found.push("note", "visit", "asset");
  return found;
}

export function ExtraForm({ file, which }: { file: CaseFile; which: string }) {
  if (which === "whistle") return <Whistle file={file} />;
  if (which === "escalate") return <Escalate file={file} />;
  if (which === "asset") return <AssetForm file={file} />;
  return <NoteForm file={file} kind={which === "visit" ? "visit" : "note"} />;
}

const given = (form: FormData, name: string): string => String(form.get(name) ?? "").trim();
const missing = (name: string): void => refuse(text.value.missing(text.value.fields[name] ?? name));

function Whistle({ file: { incident } }: { file: CaseFile }) {
  const [key] = useState(randomId);
  const say = text.value;
  function submit(form: FormData): void {
    const whom = form.getAll("organisations").map(String);
    const reason = given(form, "reason");
    if (whom.length === 0) missing("organisations");
    else if (!reason) missing("reason");
    else void act(stepNamed("whistle"), () => whistle(incident, whom, reason, key));
  }
  return (
    <Form title={stepNamed("whistle")} onSubmit={submit}>
      <fieldset class="case-field"><legend>{say.fields["organisations"]}</legend><Organisations name="organisations" many /></fieldset>
      <label class="case-field"><span>{say.fields["reason"]}</span><textarea name="reason" rows={2} maxLength={500} /></label>
    </Form>
  );
}

function Escalate({ file: { incident } }: { file: CaseFile }) {
  function submit(form: FormData): void {
    const reason = given(form, "reason");
    if (!reason) missing("reason");
    else void act(stepNamed("escalate"), () => escalate(incident.id, incident.version, reason));
  }
  return (
    <Form title={stepNamed("escalate")} onSubmit={submit}>
      <label class="case-field"><span>{text.value.fields["reason"]}</span><textarea name="reason" rows={2} maxLength={500} /></label>
    </Form>
  );
}

function NoteForm({ file: { incident }, kind }: { file: CaseFile; kind: "note" | "visit" }) {
  const [photos, setPhotos] = useState<readonly Blob[]>([]);
  const say = text.value;
  function submit(form: FormData): void {
    const said = given(form, "words");
    if (!said) missing("words");
    else void act(stepNamed(kind), async () => addNote(incident.id, { kind, words: said, photos: await send(photos) }));
  }
  return (
    <Form title={stepNamed(kind)} onSubmit={submit}>
      <label class="case-field"><span>{say.fields["words"]}</span><textarea name="words" rows={3} maxLength={2000} /></label>
      <Photos label={<span>{say.fields["photos"]} <small>{say.optional}</small></span>} photos={photos} setPhotos={setPhotos} />
    </Form>
  );
}

function AssetForm({ file: { incident } }: { file: CaseFile }) {
  function submit(form: FormData): void {
    const code = given(form, "code");
    if (!code) missing("code");
    else void act(stepNamed("asset"), () => nameAsset(incident.id, code, true));
  }
  return (
    <Form title={stepNamed("asset")} onSubmit={submit}>
      <label class="case-field"><span>{text.value.fields["code"]}</span><input name="code" maxLength={40} autocomplete="off" /></label>
    </Form>
  );
}
