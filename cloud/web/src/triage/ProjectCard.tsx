import { useState } from "preact/hooks";
import { type Project, type ProjectTask, type Step, stepTask } from "../api/plans";
import { useDoing } from "../office/asking";
import { areaNamed } from "../office/places";
import { Fault } from "../office/Sheet";
import { text as shared } from "../office/words";
import { now } from "../state/clock";
import { addressOf } from "../state/route";
import { classNamed, named, words } from "../words";
import { formatNumber, formatWhen } from "../words/format";
import { text } from "./words";

/** One project: its tasks, who has them, and what this person may do with each. */
export function ProjectCard({ project, onChange }: { project: Project; onChange: () => void }) {
  const { locale } = words.value;
  return (
    <article class="card" aria-labelledby={`project-${project.id}`}>
      <header>
        <h3 id={`project-${project.id}`}>{named(project.name)}</h3>
        <span class="chip">{classNamed(project.event_class)}</span>
        <small>{areaNamed(project.grid ?? project.community)} · {formatWhen(project.opened_at, locale, now.value)}</small>
      </header>
      <ol class="tasks">{project.tasks.map((one) => <Task key={one.id} task={one} onChange={onChange} />)}</ol>
      <p class="note">
        {text.value.casesOf(formatNumber(project.cases.length, locale))}{" "}
        {project.cases.map((one) => <a key={one.id} href={addressOf("case", one.id)}> {one.number}</a>)}
      </p>
    </article>
  );
}

function Task({ task, onChange }: { task: ProjectTask; onChange: () => void }) {
  const { locale } = words.value;
  const doing = useDoing();
  const [asking, setAsking] = useState<"hand_back" | "done" | null>(null);
  const [said, setSaid] = useState("");

  async function step(one: Step): Promise<void> {
    if (one !== "claim" && asking !== one) return setAsking(one === "done" ? "done" : "hand_back");
    if (await doing.run(() => stepTask(task, one, said.trim()))) setAsking(null);
    onChange();
  }

  const standing = task.done_at
    ? text.value.doneBy(task.claimed_by ?? "", formatWhen(task.done_at, locale, now.value))
    : task.claimed_by ? text.value.claimed(task.claimed_by) : text.value.free;
  return (
    <li>
      <span><b>{named(task.name)}</b> <small>{standing}{task.words && `: ${task.words}`}</small></span>
      <span class="row-tools">
        {task.allowed_steps.map((one) => (
          <button key={one} type="button" class="button" aria-disabled={doing.busy} onClick={() => void step(one)}>{text.value.steps[one]}</button>
        ))}
      </span>
      {asking && (
        <form class="form" onSubmit={(event) => { event.preventDefault(); void step(asking); }}>
          <label>
            <span>{text.value.wordsFor[asking]}</span>
            <textarea rows={2} maxLength={2000} required value={said} onInput={(event) => setSaid(event.currentTarget.value)} />
          </label>
          <div class="row-tools">
            <button type="submit" class="button primary" aria-disabled={doing.busy}>{text.value.steps[asking]}</button>
            <button type="button" class="button" onClick={() => setAsking(null)}>{shared.value.cancel}</button>
          </div>
        </form>
      )}
      <Fault refused={doing.refused} />
    </li>
  );
}
