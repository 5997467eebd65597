import { useState } from "preact/hooks";
import { decide, type Decision, type Nearby, type Waiting } from "../api/triage";
import { useDoing } from "../office/asking";
import { ClassPick } from "../office/Pick";
import { areaNamed } from "../office/places";
import { Fault } from "../office/Sheet";
import { text as shared } from "../office/words";
import { now } from "../state/clock";
import { personNamed } from "../state/people";
import { addressOf } from "../state/route";
import { hasRole } from "../state/session";
import { classNamed, words } from "../words";
import { formatAge, formatNumber, formatWhen } from "../words/format";
import { text } from "./words";

type What = Decision["decision"];

/** One report: what was told, what it may belong to, and the three decisions. */
export function ReportCard({ report, onDone, onStale }: { report: Waiting; onDone: (what: What) => void; onStale: () => void }) {
  const { facts, locale } = words.value;
  const doing = useDoing();
  const [kind, setKind] = useState(report.event_class?.code ?? "");
  const [refusing, setRefusing] = useState(false);
  const [fault, setFault] = useState("");
  const waiting = report.state === "waiting" && hasRole("operator", "leader", "grid_leader", "community", "street");

  async function send(decision: Decision): Promise<void> {
    setFault("");
    if (await doing.run(() => decide(report, decision))) onDone(decision.decision);
    else onStale();
  }

  function accept(): void {
    if (!kind) setFault(text.value.classNeeded);
    else void send({ decision: "accept", event_class: kind });
  }

  return (
    <article class="card report" aria-labelledby={`report-${report.id}`}>
      <header>
        <h3 id={`report-${report.id}`}>{report.event_class ? classNamed(report.event_class) : text.value.noClass}</h3>
        <span class="chip">{facts.sources[report.source]}</span>
        <small>{text.value.received(formatAge(now.value - Date.parse(report.received_at), locale))}</small>
      </header>
      <p class="report-words">{report.words}</p>
      <dl class="report-facts">
        <div><dt>{text.value.where}</dt><dd>{[areaNamed(report.community), areaNamed(report.grid), report.address].filter(Boolean).join(" · ")}</dd></div>
        <div><dt>{text.value.number}</dt><dd>{report.public_number}{report.external && ` · ${report.external}`}</dd></div>
        {report.decided_at && (
          <div>
            <dt>{text.value.ended}</dt>
            <dd>{text.value.by(personNamed(report.decided_by ?? ""), formatWhen(report.decided_at, locale, now.value))}{report.reason && ` · ${report.reason}`}</dd>
          </div>
        )}
      </dl>
      {report.photos.length > 0 && (
        <div class="report-photos">
          {report.photos.map((url, at) => (
            <a key={url} href={url} target="_blank" rel="noreferrer"><img src={url} alt={text.value.photo(at + 1)} loading="lazy" /></a>
          ))}
        </div>
      )}
      {report.incident_id && (
        <p class="note">
          {report.state === "waiting" || report.source === "worker" ? `${text.value.atCase} ` : ""}
          <a href={addressOf("case", report.incident_id)}>{text.value.toCase}</a>
        </p>
      )}
      {waiting && !report.incident_id && (
        <>
          <Candidates report={report} busy={doing.busy} onMerge={(one) => void send({ decision: "merge", incident_id: one.incident_id })} />
          <div class="narrow">
            <ClassPick value={kind} all={text.value.choose} onPick={setKind} />
            <button type="button" class="button primary" aria-disabled={doing.busy} onClick={accept}>{doing.busy ? shared.value.working : text.value.accept}</button>
            <button type="button" class="button" aria-expanded={refusing} onClick={() => setRefusing(!refusing)}>{text.value.refuse}</button>
          </div>
          {refusing && <Refusal busy={doing.busy} onSend={(reason) => void send({ decision: "refuse", reason })} />}
        </>
      )}
      {fault && <p class="fault" role="alert">{fault}</p>}
      <Fault refused={doing.refused} />
    </article>
  );
}

function Candidates({ report, busy, onMerge }: { report: Waiting; busy: boolean; onMerge: (one: Nearby) => void }) {
  const { locale } = words.value;
  if (report.candidates.length === 0) return null;
  return (
    <section aria-label={text.value.candidates}>
      <h4>{text.value.candidates}</h4>
      <ul class="candidates">
        {report.candidates.map((one) => (
          <li key={one.incident_id}>
            <span>
              <a href={addressOf("case", one.incident_id)}>{one.number}</a> {classNamed(one.event_class)}{" "}
              <small>
                {[
                  one.metres === null ? text.value.sameGrid : text.value.near(formatNumber(Math.round(one.metres), locale)),
                  one.minutes > 0 ? text.value.minutes(formatAge(one.minutes * 60_000, locale)) : text.value.inTime,
                  one.same_class ? text.value.sameClass : "",
                ].filter(Boolean).join(" · ")}
              </small>
            </span>
            <button type="button" class="button" aria-disabled={busy} onClick={() => onMerge(one)}>{text.value.merge}</button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Refusal({ busy, onSend }: { busy: boolean; onSend: (reason: string) => void }) {
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  function submit(event: Event): void {
    event.preventDefault();
    setMissing(!reason.trim());
    if (reason.trim()) onSend(reason.trim());
  }
  return (
    <form class="form" onSubmit={submit}>
      <label>
        <span>{text.value.refuseTitle}</span>
        <input name="reason" maxLength={500} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
      </label>
      <div class="row-tools">
        {text.value.reasons.map((one) => <button key={one} type="button" class="button" onClick={() => setReason(one)}>{one}</button>)}
      </div>
      {missing && <p class="fault" role="alert">{text.value.reasonNeeded}</p>}
      <div class="row-tools"><button type="submit" class="button primary" aria-disabled={busy}>{text.value.refuse}</button></div>
    </form>
  );
}
