import type { Choice } from "../api/case";
import { step } from "../api/desk";
import { act, busy, form, outcome } from "./act";
import { ExtraForm, extrasOf } from "./Extras";
import { blocked, fieldsOf, leadsOn } from "./fields";
import { Outcome } from "./Form";
import type { CaseFile } from "./load";
import { stepNamed } from "./names";
import { StepForm } from "./StepForm";
import { text } from "./words";
import { why } from "./why";

/** What may I do now, and why not the rest: the table of transitions as buttons, forms and reasons. */
export function Do({ file }: { file: CaseFile }) {
  const say = text.value;
  const choices = file.choices?.items ?? [];
  const allowed = choices.filter((one) => one.allowed);
  const extras = extrasOf(file);
  const asked = allowed.find((one) => one.action === form.value);
  const extra = extras.find((one) => one === form.value);
  const on = allowed.filter((one) => leadsOn(one.action));
  const back = allowed.filter((one) => !leadsOn(one.action));
  const { near, far } = blocked(choices);
  return (
    <section class="case-do" aria-labelledby="do-title" aria-busy={busy.value}>
      <h3 id="do-title">{say.do}</h3>
      {!file.choices && <p class="fault">{say.partFailed}</p>}
      {asked ? (
        <StepForm key={asked.action} file={file} choice={asked} />
      ) : extra ? (
        <ExtraForm key={extra} file={file} which={extra} />
      ) : (
        <>
          <div class="action-row">
            {on.map((one, at) => <StepButton key={one.action} file={file} choice={one} look={at === 0 ? "primary" : ""} />)}
            {extras.map((one) => (
              <button key={one} type="button" class="button" disabled={busy.value} onClick={() => begin(one)}>
                {stepNamed(one)}
              </button>
            ))}
          </div>
          {back.length > 0 && (
            <div class="action-row">
              {back.map((one) => <StepButton key={one.action} file={file} choice={one} look="aside" />)}
            </div>
          )}
          {file.choices && allowed.length + extras.length === 0 && <p class="note">{say.nothing}</p>}
        </>
      )}
      <Outcome />
      {near.length > 0 && <Refusals choices={near} />}
      {far.length > 0 && (
        <details class="case-refused">
          <summary>{say.cannot} ({far.length})</summary>
          <Refusals choices={far} />
        </details>
      )}
    </section>
  );
}

function begin(what: string): void {
  outcome.value = null;
  form.value = what;
}

function StepButton({ file, choice, look }: { file: CaseFile; choice: Choice; look: string }) {
  const { incident } = file;
  const what = stepNamed(choice.action);
  function press(): void {
    if (fieldsOf(choice).length > 0) begin(choice.action);
    else void act(what, () => step(incident.id, incident.version, { action: choice.action }));
  }
  return (
    <button type="button" class={`button ${look}`} data-action={choice.action} disabled={busy.value} onClick={press}>
      {what}
    </button>
  );
}

function Refusals({ choices }: { choices: readonly Choice[] }) {
  return (
    <dl class="refusals">
      {choices.map((one) => (
        <div key={one.action} data-action={one.action}>
          <dt>{stepNamed(one.action)}</dt>
          <dd>{why(one.why_not ?? "")}</dd>
        </div>
      ))}
    </dl>
  );
}
