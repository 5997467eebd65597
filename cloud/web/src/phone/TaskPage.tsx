import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { now } from "../state/clock";
import { SeverityMark } from "../wall/SeverityMark";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { known, refreshCase, sopOf } from "./cases";
import { Do } from "./Do";
import { position } from "./duty";
import { leadTo, type MapApp } from "./geo";
import { LazyMap } from "./LazyMap";
import { has, me, reached } from "./me";
import { dueNamed, far, lineNamed, placeOf, titleOf } from "./say";
import { Shots } from "./Shot";
import type { KeptCase } from "./store";
import { Lamp } from "./TaskList";
import { distance, dueOf } from "./tasks";
import { named } from "../words";
import { text } from "./words";

const APPS: readonly MapApp[] = ["amap", "baidu", "other"];

/** One task: what, where, until when, how, and what to press. All of it is here without network, too. */
export function TaskPage({ id }: { id: string }) {
  const asked = useSignal(false);
  useEffect(() => void refreshCase(id, true).then(() => (asked.value = true)), [id]);
  const one = known.value.get(id);
  const { task } = text.value;
  if (!one) {
    const say = !asked.value ? task.loading : reached.value ? task.gone : task.unseen;
    return (
      <>
        <div class="page-head"><a class="button" href="#/">{task.back}</a></div>
        <p class="nothing" role="status">{say}</p>
      </>
    );
  }
  return (
    <>
      <Head one={one} />
      <Shots one={one} />
      <Where one={one} />
      <Sop code={one.incident.event_class.code} />
      <Log one={one} />
      {has("department") && <a class="button big" href={`/#/case/${one.id}`}>{task.checkIn}</a>}
      <Do one={one} />
    </>
  );
}

function Head({ one }: { one: KeptCase }) {
  const { incident } = one;
  const { task } = text.value;
  const due = dueOf(one.clocks);
  return (
    <header class="task-head">
      <div class="page-head">
        <a class="button" href="#/">{task.back}</a>
        <span class="chip">{words.value.states[incident.state]}</span>
      </div>
      <h1 tabIndex={-1}><SeverityMark severity={incident.severity} /> {titleOf(one)}</h1>
      <p class="task-due">{due && <Lamp light={due.light} />} <b>{dueNamed(due, now.value)}</b></p>
      <p class="note">
        {task.number} {incident.number} · {task.handler} {incident.handler === me.value?.username ? task.mine : (incident.handler ?? task.nobody)} ·{" "}
        {task.since} {formatWhen(incident.since, words.value.locale, now.value)}
      </p>
      {incident.description && <p>{incident.description}</p>}
      {!reached.value && <p class="note">{task.stale(formatWhen(one.seenAt, words.value.locale, now.value))}</p>}
    </header>
  );
}

function Where({ one }: { one: KeptCase }) {
  const { task } = text.value;
  const at = one.incident.point.position;
  const metres = distance(one.incident, position.value);
  return (
    <section aria-labelledby="where-title">
      <h2 id="where-title">{task.where}</h2>
      <p>
        <b>{placeOf(one)}</b>
        {one.incident.area.grid && <> · {named(one.incident.area.grid.name)}</>}
        {metres !== null && <> · {far(metres)}</>}
      </p>
      {!at && <p class="note">{task.nowhere}</p>}
      {at && (
        <>
          <div class="row" role="group" aria-label={task.lead}>
            {APPS.map((app) => <a key={app} class="button" href={leadTo(app, at, placeOf(one))} rel="noreferrer">{task.lead} {task.apps[app]}</a>)}
          </div>
          <details>
            <summary>{task.map}</summary>
            <LazyMap at={at} />
          </details>
        </>
      )}
    </section>
  );
}

/** How it is done here, step by step. */
function Sop({ code }: { code: string }) {
  const sop = sopOf.value.get(code);
  if (!sop) return null;
  const { task } = text.value;
  return (
    <section class="sop" aria-labelledby="sop-title">
      <h2 id="sop-title">{task.sop}</h2>
      {sop.careful && <p class="careful"><b>{task.careful}</b> {named(sop.careful)}</p>}
      <ol>{sop.steps.map((step) => <li key={step.zh}>{named(step)}</li>)}</ol>
    </section>
  );
}

function Log({ one }: { one: KeptCase }) {
  const { task } = text.value;
  const { locale } = words.value;
  if (one.log.length === 0) return null;
  return (
    <details class="log">
      <summary>{task.log}</summary>
      <ol class="lines">
        {[...one.log].reverse().map((line) => {
          const { words: said, written_at: written } = line.detail;
          return (
            <li key={line.id}>
              <time>{formatWhen(line.at, locale, now.value)}</time> <b>{lineNamed(line)}</b>{" "}
              {line.actor.kind === "user" && line.actor.name} {line.reason ?? (typeof said === "string" ? said : "")}
              {typeof written === "string" && <small>{task.deviceTime(formatWhen(written, locale, now.value))}</small>}
            </li>
          );
        })}
      </ol>
    </details>
  );
}
