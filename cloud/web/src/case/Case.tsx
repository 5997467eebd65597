import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { exportOf } from "../api/case";
import { Refused } from "../api/calls";
import type { Incident } from "../api/types";
import "../look/casepage.css";
import { isKnown } from "../state/incidents";
import { go, HOME, route } from "../state/route";
import { hasRole } from "../state/session";
import { Age, StateChip } from "../wall/Row";
import { SeverityMark } from "../wall/SeverityMark";
import { classNamed, named, words } from "../words";
import { formatNumber } from "../words/format";
import { About } from "./About";
import { form, outcome } from "./act";
import { Calls } from "./Calls";
import { Clocks, Left } from "./Clocks";
import { Do } from "./Do";
import { Evidence } from "./Evidence";
import { Light } from "./Light";
import { type CaseFile, load, shown, trouble } from "./load";
import { reason } from "./originals";
import { Timeline } from "./Timeline";
import { text } from "./words";

/** Clocks and notices change without a word on the stream: look again so often. */
const AGAIN_MS = 30_000;

/** Everything about one case: `#/case/<id>`. */
export function Case() {
  const id = route.value.rest[0] ?? "";
  const say = text.value;
  useEffect(() => {
    form.value = outcome.value = null;
    reason.value = "";
    void load(id);
    const again = setInterval(() => void load(id), AGAIN_MS);
    return () => clearInterval(again);
  }, [id]);
  const newest = isKnown(id)?.version ?? 0;
  const file = shown.value?.incident.id === id ? shown.value : null;
  useEffect(() => {
    if (file && newest > file.incident.version) void load(id);
  }, [newest, id]);
  // The heading that had the focus went with the words of loading.
  useEffect(() => {
    if (file && document.activeElement === document.body) document.getElementById("case-title")?.focus();
  }, [file?.incident.id]);
  const why = trouble.value?.of === id ? trouble.value.why : null;
  return (
    <main class="case" aria-labelledby="case-title">
      {file ? (
        <>
          <Head file={file} />
          <div class="case-columns">
            <div class="case-side">
              <Do file={file} />
              <Clocks clocks={file.clocks} />
              <Calls calls={file.calls} />
            </div>
            <div class="case-main">
              <Evidence incident={file.incident} log={file.log} />
              <About file={file} />
            </div>
            <Timeline file={file} />
          </div>
        </>
      ) : (
        <>
          <h2 id="case-title" tabIndex={-1}>{say.title}</h2>
          {why ? (
            <p class="nothing" role="alert">
              {say[why]}{" "}
              <button type="button" class="button" onClick={() => void load(id)}>{say.again}</button>
            </p>
          ) : (
            <p class="nothing">{say.loading}</p>
          )}
          <button type="button" class="button" onClick={() => go(HOME)}>{say.back}</button>
        </>
      )}
    </main>
  );
}

function Head({ file }: { file: CaseFile }) {
  const say = text.value;
  const { facts, timeline } = words.value;
  const { incident } = file;
  const running = (file.clocks?.steps ?? []).filter((step) => step.running && step.due_at);
  const next = [...running].sort((a, b) => (a.due_at ?? "").localeCompare(b.due_at ?? ""))[0];
  return (
    <header class="case-head">
      <SeverityMark severity={incident.severity} />
      <div>
        <h2 id="case-title" tabIndex={-1}>{classNamed(incident.event_class)} <small class="number">{incident.number}</small></h2>
        <p>
          {named(incident.point.name)}
          {incident.area.grid && <> · {named(incident.area.grid.name)}</>} · {facts.level} {timeline.level[incident.level]}
          {incident.pending.map((one) => <b key={one} class="chip asked">{say.pending[one] ?? one}</b>)}
        </p>
        <Proof file={file} />
      </div>
      <p class="case-stand">
        <StateChip state={incident.state} />
        <Age incident={incident} />
        {next?.due_at && (
          <span class="case-due">{say.step[next.step]} <Light light={next.light} /> <Left due={next.due_at} /></span>
        )}
      </p>
      <div class="case-tools">
        {hasRole("leader", "street", "auditor") && <Export incident={incident} />}
        <button type="button" class="button" onClick={() => void load(incident.id)}>{say.refresh}</button>
        <button type="button" class="button" onClick={() => go(HOME)}>
          {say.back} <kbd aria-hidden="true">Esc</kbd>
        </button>
      </div>
    </header>
  );
}

/** Whether the log is what was once written. */
function Proof({ file: { proof } }: { file: CaseFile }) {
  const say = text.value;
  const { locale } = words.value;
  if (!proof) return <p class="proof">{say.partFailed}</p>;
  if (!proof.intact) return <p class="proof fault" role="alert">✕ {say.broken(proof.said ?? "")}</p>;
  return (
    <p class="proof">
      ✓ {say.intact(formatNumber(proof.lines, locale))} ·{" "}
      {proof.anchored === null ? say.notAnchored : say.anchored(formatNumber(proof.anchored, locale))}
    </p>
  );
}

function Export({ incident }: { incident: Incident }) {
  const failed = useSignal(false);
  async function save(): Promise<void> {
    try {
      const file = await exportOf(incident.id);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }));
      link.download = `${incident.number}.json`;
      link.click();
      URL.revokeObjectURL(link.href);
      failed.value = false;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      failed.value = true;
    }
  }
  return (
    <>
      <button type="button" class="button" onClick={() => void save()}>{text.value.export}</button>
      {failed.value && <p class="fault" role="alert">{text.value.exportFailed}</p>}
    </>
  );
}
