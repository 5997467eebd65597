import { useEffect } from "preact/hooks";
import { type Inspection, inspections, projects } from "../api/plans";
import { useLoaded } from "../office/asking";
import { areaNamed, needPlaces } from "../office/places";
import { Fault, Frame, Sheet, Tabs } from "../office/Sheet";
import { text as shared } from "../office/words";
import { now } from "../state/clock";
import { personNamed } from "../state/people";
import { addressOf, go, route } from "../state/route";
import { named, words } from "../words";
import { formatNumber, formatWhen } from "../words/format";
import "../look/triage.css";
import { ProjectCard } from "./ProjectCard";
import { text } from "./words";

const INSPECTIONS = ["planned", "missed", "done"] as const;
const PROJECTS = ["open", "closed"] as const;

/** What is looked at by plan, and what is mended for good. */
export function Plans() {
  useEffect(needPlaces, []);
  const [part = "inspections", state] = route.value.rest;
  const shown = part === "projects" ? "projects" : "inspections";
  return (
    <Sheet
      name="plans" title={text.value.plans}
      tools={
        <Tabs
          tabs={(["inspections", "projects"] as const).map((name) => ({ name, title: text.value.planParts[name] }))}
          shown={shown} label={text.value.plans} onPick={(name) => go("plans", name)}
        />
      }
    >
      {shown === "projects"
        ? <Projects state={PROJECTS.find((one) => one === state) ?? "open"} />
        : <Inspections state={INSPECTIONS.find((one) => one === state) ?? "planned"} />}
    </Sheet>
  );
}

function Inspections({ state }: { state: Inspection["state"] }) {
  const found = useLoaded(() => inspections(state), [state]);
  const { inspectionColumns: columns } = text.value;
  const { locale } = words.value;
  return (
    <>
      <Tabs
        tabs={INSPECTIONS.map((name) => ({ name, title: text.value.inspectionStates[name] }))} shown={state}
        label={text.value.planParts.inspections} onPick={(name) => go("plans", "inspections", name)}
      />
      <Fault refused={found.refused} again={found.again} />
      {!found.value && found.loading && <p class="nothing">{shared.value.loading}</p>}
      {found.value && found.value.missed > 0 && <p class="bad">▲ {text.value.missedCount(formatNumber(found.value.missed, locale))}</p>}
      {found.value?.items.length === 0 && <p class="nothing">{text.value.noInspections}</p>}
      {found.value && found.value.items.length > 0 && (
        <Frame label={text.value.planParts.inspections}>
          <table class="sheet">
            <thead>
              <tr>{(["day", "name", "target", "who", "due", "result"] as const).map((one) => <th key={one} scope="col">{columns[one]}</th>)}</tr>
            </thead>
            <tbody>{found.value.items.map((one) => <Line key={one.id} one={one} />)}</tbody>
          </table>
        </Frame>
      )}
    </>
  );
}

function Line({ one }: { one: Inspection }) {
  const { locale } = words.value;
  const wrong = one.answers?.filter((answer) => !answer.ok).length ?? 0;
  const [kind, target = ""] = one.target.split(":");
  return (
    <tr>
      <td class="nowrap">{one.day}</td>
      <th scope="row">{named(one.name)}</th>
      <td>{kind === "grid" ? areaNamed(target) : target} {kind !== "grid" && one.grid && <small>{areaNamed(one.grid)}</small>}</td>
      <td>{one.done_by ? personNamed(one.done_by) : one.who === "grid" ? text.value.whoever : personNamed(one.who.replace(/^person:/, ""))}</td>
      <td class="nowrap">{formatWhen(one.done_at ?? one.due_at, locale, now.value)}</td>
      <td>
        {one.state === "done"
          ? <span class={wrong > 0 ? "bad" : "good"}>{wrong > 0 ? `▲ ${text.value.faulty(formatNumber(wrong, locale))}` : `● ${text.value.good}`}</span>
          : <span class={one.state === "missed" ? "bad" : ""}>{text.value.inspectionStates[one.state]}</span>}
        {one.state === "done" && one.missed_at && <small> {text.value.late}</small>}
        {one.cases.map((id, at) => <a key={id} href={addressOf("case", id)}> {text.value.cases} {at + 1}</a>)}
      </td>
    </tr>
  );
}

function Projects({ state }: { state: "open" | "closed" }) {
  const found = useLoaded(() => projects(state), [state]);
  return (
    <>
      <Tabs
        tabs={PROJECTS.map((name) => ({ name, title: text.value.projectStates[name] }))} shown={state}
        label={text.value.planParts.projects} onPick={(name) => go("plans", "projects", name)}
      />
      <Fault refused={found.refused} again={found.again} />
      {!found.value && found.loading && <p class="nothing">{shared.value.loading}</p>}
      {found.value?.length === 0 && <p class="nothing">{text.value.noProjects}</p>}
      <div class="cards">{found.value?.map((one) => <ProjectCard key={one.id} project={one} onChange={found.again} />)}</div>
    </>
  );
}
