import { useEffect } from "preact/hooks";
import "../look/replay.css";
import { GridMap } from "../map/GridMap";
import { dayOf } from "../office/period";
import { live, now } from "../state/clock";
import { liveWaiting, move, shelf } from "../state/incidents";
import { go, HOME, route } from "../state/route";
import { helpShown, pictureShown } from "../state/panes";
import { IncidentList } from "../wall/IncidentList";
import { classNamed, named, words } from "../words";
import { formatDay, formatClock, formatNumber } from "../words/format";
import { Controls } from "./Controls";
import { dayAfter } from "./days";
import { comeBackTo, failed, film, loading, open, playing, roll, stepTo } from "./player";
import { Then } from "./Then";
import { text } from "./words";

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** A past day on the wall: `#/replay/2026-11-21`; without a day, yesterday. */
export function Replay() {
  const say = text.value;
  const asked = route.value.rest[0] ?? "";
  const day = DAY.test(asked) ? asked : dayAfter(dayOf(new Date(live.peek())), -1);
  useEffect(roll, []);
  useEffect(() => void open(day), [day]);
  useEffect(() => {
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  return (
    <div class="replay">
      <div class="replay-frame" aria-hidden="true"><span>{say.replay}</span></div>
      <Now />
      <header class="replay-head">
        <h2 tabIndex={-1}>
          {say.replay} {film.value && <time>{formatDay(now.value, words.value.locale)} {formatClock(now.value, words.value.locale)}</time>}
        </h2>
        <p>{say.notLive}</p>
        <button type="button" class="button" onClick={() => go(HOME)}>{say.live} <kbd aria-hidden="true">Esc</kbd></button>
      </header>
      {loading.value !== null && <p class="note" role="status">{say.loading(formatNumber(loading.value, words.value.locale))}</p>}
      {failed.value && (
        <p class="fault" role="alert">
          {say[failed.value]} <button type="button" class="button" onClick={() => void open(day)}>{say.again}</button>
        </p>
      )}
      {film.value?.changes.length === 0 && <p class="note" role="status">{say.quiet}</p>}
      <main class="wall-main">
        <IncidentList />
        <GridMap />
        <Then />
      </main>
      <Controls day={day} />
    </div>
  );
}

/** What waits for somebody in the present, and the way back to it. */
function Now() {
  const say = text.value;
  const [worst] = liveWaiting.value;
  function back(): void {
    if (worst) comeBackTo(worst.id);
    shelf.value = "open";
    go(HOME);
  }
  return (
    <div class="replay-now" role="status">
      {worst && (
        <button type="button" class={`button now-${worst.severity}`} onClick={back}>
          <b>{say.alarms(formatNumber(liveWaiting.value.length, words.value.locale))}</b>
          <span>{say.worst(classNamed(worst.event_class), named(worst.point.name), words.value.severities[worst.severity])}</span>
          <span>{say.live} →</span>
        </button>
      )}
    </div>
  );
}

function onKey(event: KeyboardEvent): void {
  const target = event.target instanceof Element ? event.target : null;
  if (helpShown.value || pictureShown.value || event.ctrlKey || event.altKey || event.metaKey) return;
  if (target?.closest("input, textarea, select")) return;
  if (event.code === "Space" && !target?.closest("button, a, [role=button]")) playing.value = !playing.value;
  else if (event.code === "ArrowRight") stepTo(1);
  else if (event.code === "ArrowLeft") stepTo(-1);
  else if (event.code === "KeyJ") move(1);
  else if (event.code === "KeyK") move(-1);
  else return;
  event.preventDefault();
}
