import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Incident } from "../api/types";
import { inFlight } from "../state/actions";
import { callDepartments } from "../state/desk";
import { type Prefill, prefillOf } from "../state/prefill";
import { hasRole } from "../state/session";
import { named, words } from "../words";
import { rank } from "./DispatchForm";
import { Cancel } from "./JudgeForms";
import { text as desk } from "./words";

/** Departments to tick, those of the matrix on top and ticked already. */
export function WhistleForm({ incident }: { incident: Incident }) {
  const box = useRef<HTMLFormElement>(null);
  const rules = useSignal<Prefill | null>(null);
  const missing = useSignal(false);
  useEffect(() => void prefillOf(incident).then((one) => (rules.value = one)), [incident.id]);
  useEffect(() => box.current?.querySelector<HTMLElement>("input")?.focus(), [rules.value]);
  const text = desk.value.whistle;
  const busy = inFlight.value.has(incident.id);
  if (!hasRole("leader", "street", "community")) return <div class="reason"><p class="note">{text.notNow}</p><Cancel /></div>;
  if (!rules.value) return <p class="note" role="status">{desk.value.dispatch.loading}</p>;
  const { matrix, organisations } = rules.value;

  function submit(event: Event): void {
    event.preventDefault();
    if (!box.current || busy) return;
    const fields = new FormData(box.current);
    const called = fields.getAll("organisation").map(String);
    const reason = String(fields.get("words") ?? "").trim();
    missing.value = called.length === 0 || reason === "";
    if (!missing.value) void callDepartments(incident, called, reason);
  }

  return (
    <form ref={box} class="reason" onSubmit={submit}>
      <fieldset disabled={busy}>
        <legend>{text.title}</legend>
        <div class="ticks" role="group" aria-label={text.who}>
          {[...organisations].sort((a, b) => rank(matrix, a.id) - rank(matrix, b.id)).map((one) => (
            <label key={one.id} class="choice">
              <input type="checkbox" name="organisation" value={one.id} defaultChecked={rank(matrix, one.id) === 1} />
              {named(one.name)} {rank(matrix, one.id) < 2 && <small>{rank(matrix, one.id) ? text.helper : text.lead}</small>}
            </label>
          ))}
        </div>
        <label class="words">
          <span>{text.reason}</span>
          <textarea name="words" rows={2} maxLength={500} />
        </label>
        {missing.value && <p class="fault" role="alert">{text.needs}</p>}
        <div class="action-row">
          <button type="submit" class="button primary">{busy ? words.value.act.working : text.confirm}</button>
          <Cancel />
        </div>
      </fieldset>
    </form>
  );
}
