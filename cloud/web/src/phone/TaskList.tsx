import { computed, signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { now } from "../state/clock";
import { SeverityMark } from "../wall/SeverityMark";
import { words } from "../words";
import { known, loading, refresh } from "./cases";
import { onDuty, position } from "./duty";
import { canTrack, me } from "./me";
import { dueNamed, far, placeOf, titleOf } from "./say";
import { mine } from "./sender";
import type { KeptCase } from "./store";
import { byDue, distance, dueOf, type Light, type Section, SECTIONS, sectionOf } from "./tasks";
import { useBlobUrl } from "./useBlobUrl";
import { text } from "./words";

const section = signal<Section>("mine");
const sections = computed(() => {
  const found: Record<Section, KeptCase[]> = { mine: [], check: [], grid: [] };
  const user = me.value;
  if (user) for (const one of known.value.values()) found[sectionOf(one.incident, user.username)].push(one);
  for (const name of SECTIONS) found[name].sort(byDue);
  return found;
});
/** Pixels that a finger has to pull. */
const PULL = 90;

export function TaskList() {
  const { list, empty, tabs, sections: names } = text.value;
  const shown = sections.value[section.value];
  const pulled = usePull();
  return (
    <div onTouchStart={pulled.start} onTouchMove={pulled.move} onTouchEnd={pulled.end}>
      <div class="page-head">
        <h1 tabIndex={-1}>{tabs.tasks}</h1>
        <button type="button" class="button" disabled={loading.value} onClick={() => void refresh()}>
          {loading.value ? list.refreshing : list.refresh}
        </button>
      </div>
      <div class="segments" role="group" aria-label={tabs.tasks}>
        {SECTIONS.map((name) => (
          <button key={name} type="button" aria-pressed={section.value === name} onClick={() => (section.value = name)}>
            {names[name]} <b>{sections.value[name].length}</b>
          </button>
        ))}
      </div>
      {!onDuty.value && canTrack.value && <p class="off-duty">{list.offDuty} <a class="button" href="#/me">{list.goOnDuty}</a></p>}
      {pulled.far.value && <p class="note pull">{list.pull}</p>}
      {shown.length === 0 && <p class="nothing">{empty[section.value]}</p>}
      <ul class="cards">{shown.map((one) => <Card key={one.id} one={one} />)}</ul>
    </div>
  );
}

function Card({ one }: { one: KeptCase }) {
  const { list } = text.value;
  const url = useBlobUrl(one.picture);
  const { incident } = one;
  const due = dueOf(one.clocks);
  const late = due?.at != null && Date.parse(due.at) < now.value;
  const light: Light | null = late ? "red" : (due?.light ?? null);
  const metres = distance(incident, position.value);
  const queued = mine.value.some((item) => item.caseId === one.id);
  return (
    <li>
      <a class="card" href={`#/task/${one.id}`}>
        {url ? <img src={url} alt="" /> : <span class="card-none">{list.noPicture}</span>}
        <span class="card-body">
          <span class="card-title"><SeverityMark severity={incident.severity} /> <b>{titleOf(one)}</b></span>
          <span>{placeOf(one)}{metres !== null && <> · {far(metres)}</>}</span>
          <span class="card-foot">
            {light && <Lamp light={light} />}
            <span class={late ? "late" : ""}>{dueNamed(due, now.value)}</span>
            <span class="chip">{words.value.states[incident.state]}</span>
            {incident.handler === null && section.value === "mine" && <span class="chip">{list.unclaimed}</span>}
            {queued && <span class="chip queued">{list.queued}</span>}
          </span>
        </span>
      </a>
    </li>
  );
}

/** A light by colour, shape and word. */
export function Lamp({ light }: { light: Light }) {
  const shape = { green: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z", yellow: "M12 4l9 16H3z", red: "M4 4h16v16H4z" }[light];
  return (
    <svg class={`lamp lamp-${light}`} viewBox="0 0 24 24" role="img" aria-label={text.value.list.lights[light]}><path d={shape} /></svg>
  );
}

/** Pull down at the list's top to load it anew. */
function usePull() {
  const from = useRef<number | null>(null);
  const far = useRef(signal(false)).current;
  return {
    far,
    start: (event: TouchEvent) => (from.current = scrollY === 0 ? (event.touches[0]?.clientY ?? null) : null),
    move: (event: TouchEvent) => {
      far.value = from.current !== null && (event.touches[0]?.clientY ?? 0) - from.current > PULL;
    },
    end: () => {
      if (far.value) void refresh();
      far.value = false;
      from.current = null;
    },
  };
}
