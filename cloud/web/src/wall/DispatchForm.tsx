import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Incident } from "../api/types";
import { inFlight } from "../state/actions";
import { about, dispatchAll } from "../state/desk";
import { isWaiting } from "../state/order";
import { classNameOf, judgedClass } from "../state/classes";
import { personNamed } from "../state/people";
import { byRule, type Prefill, prefillOf, ruleOf } from "../state/prefill";
import { hasRole } from "../state/session";
import { classNamed, named, words } from "../words";
import { Cancel } from "./JudgeForms";
import { formatNumber } from "../words/format";
import { limitInWords } from "./limits";
import { text as desk } from "./words";

/** Everything filled in by rule; Enter confirms, another choice asks why. */
export function DispatchForm({ incident }: { incident: Incident }) {
  const found = useSignal<Prefill | null>(null);
  const of = ruleOf(incident);
  useEffect(() => {
    let stale = false;
    void prefillOf(incident).then((one) => {
      if (!stale) found.value = one;
    });
    return () => {
      stale = true;
    };
  }, [of]);
  const text = desk.value.dispatch;
  if (!found.value) return <p class="note" role="status">{text.loading}</p>;
  return <Filled incident={incident} rules={found.value} />;
}

function Filled({ incident, rules }: { incident: Incident; rules: Prefill }) {
  const text = desk.value.dispatch;
  const { matrix, organisations } = rules;
  const waits = isWaiting(incident);
  const dispatches = hasRole("leader", "street", "grid_leader", "community");
  const rule = byRule(rules);
  const [handlerByRule, leadByRule] = [rule.handler ?? "", rule.organisation ?? ""];
  const handler = useSignal(handlerByRule);
  const organisation = useSignal(leadByRule);
  const reason = useRef<HTMLTextAreaElement>(null);
  const confirm = useRef<HTMLButtonElement>(null);
  const missing = useSignal(false);
  const busy = inFlight.value.has(incident.id);
  const overridden = handler.value !== handlerByRule || organisation.value !== leadByRule;
  const grids = new Set(about.value.map((one) => one.area.grid?.id)).size;
  useEffect(() => confirm.current?.focus(), []);

  function submit(event: Event): void {
    event.preventDefault();
    const why = reason.current?.value.trim() ?? "";
    missing.value = overridden && why === "";
    if (missing.value) reason.current?.focus();
    else if (!busy) {
      const to = { handler: handler.value || null, organisation: organisation.value || null, reason: overridden ? why : null };
      void dispatchAll(about.value, to, !overridden);
    }
  }

  const label = !dispatches ? text.confirmAccept : waits ? text.confirm : text.confirmOnly;
  return (
    <form class="reason dispatch" onSubmit={submit}>
      <fieldset disabled={busy}>
        <legend>{!dispatches ? text.acceptOnly : waits ? text.title : text.only}</legend>
        <dl class="filled">
          <div><dt>{text.class}</dt><dd>{classShown(incident)}</dd></div>
          <div><dt>{text.grid}</dt><dd>{incident.area.grid ? named(incident.area.grid.name) : "–"}</dd></div>
          <div><dt>{text.limit}</dt><dd>{matrix?.limit ? limitInWords(matrix.limit) : text.noLimit}</dd></div>
        </dl>
        {dispatches ? (
          <>
            {grids > 1 && !overridden && <p class="note">{text.eachByRule(formatNumber(grids, words.value.locale))}</p>}
            <Worker rules={rules} chosen={handler} />
            <label class="field">
              <span>{text.organisation}</span>
              <select value={organisation.value} onChange={(event) => (organisation.value = event.currentTarget.value)}>
                <option value="">{leadByRule ? text.none : text.noLead}</option>
                {[...organisations].sort((a, b) => rank(matrix, a.id) - rank(matrix, b.id)).map((one) => (
                  <option key={one.id} value={one.id}>{named(one.name)}</option>
                ))}
              </select>
            </label>
          </>
        ) : <p class="note">{text.notYours}</p>}
        {overridden && (
          <label class="words">
            <span>{text.override}</span>
            <textarea ref={reason} name="words" rows={2} maxLength={500} />
          </label>
        )}
        {missing.value && <p class="fault" role="alert">{text.reasonNeeded}</p>}
        <div class="action-row">
          <button ref={confirm} type="submit" class="button primary">
            {busy ? words.value.act.working : label} <kbd aria-hidden="true">Enter</kbd>
          </button>
          <Cancel />
        </div>
      </fieldset>
    </form>
  );
}

function Worker({ rules, chosen }: { rules: Prefill; chosen: { value: string } }) {
  const text = desk.value.dispatch;
  const { duty } = rules;
  const people = [
    [duty?.primary, text.primary], [duty?.backup, text.backup], [duty?.grid_leader, text.leader],
  ] as const;
  const there = people.filter(([name], n) => name && people.findIndex(([other]) => other === name) === n);
  return (
    <label class="field">
      <span>{text.worker}</span>
      <select value={chosen.value} onChange={(event) => (chosen.value = event.currentTarget.value)}>
        <option value="">{there.length > 0 ? text.none : text.nobody}</option>
        {there.map(([name, job]) => <option key={name} value={name ?? ""}>{`${personNamed(name ?? "")} · ${job}`}</option>)}
      </select>
    </label>
  );
}

/** Its class; judged to be another, that one beside it. */
function classShown(incident: Incident): string {
  const judged = judgedClass(incident);
  const own = classNamed(incident.event_class);
  return judged ? `${own} → ${classNameOf(judged)}` : own;
}

/** Who leads first, who helps next. */
export function rank(matrix: Prefill["matrix"], organisation: string): number {
  if (matrix?.lead === organisation) return 0;
  return matrix?.helpers.includes(organisation) ? 1 : 2;
}
