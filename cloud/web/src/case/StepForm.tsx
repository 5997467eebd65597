import { useState } from "preact/hooks";
import type { Choice } from "../api/case";
import { step } from "../api/desk";
import { open } from "../state/incidents";
import { act } from "./act";
import { Field } from "./Field";
import { fieldsOf, request } from "./fields";
import { Form, refuse } from "./Form";
import type { CaseFile } from "./load";
import { stepNamed } from "./names";
import { send } from "./photos";
import { text } from "./words";

/** The form of one step, with the fields that its row of the table asks for. */
export function StepForm({ file, choice }: { file: CaseFile; choice: Choice }) {
  const [photos, setPhotos] = useState<readonly Blob[]>([]);
  const { incident } = file;
  const candidates = file.candidates ?? [];
  const fields = fieldsOf(choice);
  const what = stepNamed(choice.action);

  function submit(form: FormData): void {
    const values = new Map(fields.map(({ name }) => [name as string, String(form.get(name) ?? "")]));
    const cases = new Map([
      ...open.value.map((one) => [one.number, one.id] as const),
      ...candidates.map((one) => [one.number, one.incident_id] as const),
    ]);
    // What stands for photos here is that there are some; their hashes are known once they are sent.
    const given = { values, photos: photos.map(() => "?"), cases };
    const asked = request(choice.action, fields, given);
    if ("what" in asked) {
      const name = text.value.fields[asked.field] ?? asked.field;
      refuse(asked.what === "missing" ? text.value.missing(name) : text.value[asked.what]);
      return;
    }
    void act(what, async () => {
      const sent = photos.length > 0 ? { ...asked, photos: await send(photos) } : asked;
      await step(incident.id, incident.version, sent);
    });
  }

  return (
    <Form title={what} onSubmit={submit}>
      {fields.map((field) => (
        <Field key={field.name} field={field} about={{ incident, choice, candidates }} photos={photos} setPhotos={setPhotos} />
      ))}
    </Form>
  );
}
