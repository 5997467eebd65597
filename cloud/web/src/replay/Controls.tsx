import { dayOf } from "../office/period";
import { live } from "../state/clock";
import { go } from "../state/route";
import { words } from "../words";
import { actorName, eventName } from "../words/events";
import { formatClock, formatNumber } from "../words/format";
import { dayAfter } from "./days";
import { density } from "./film";
import { at, film, last, playing, seek, speed, SPEEDS, stepTo } from "./player";
import { text } from "./words";

const PARTS = 288;

/** Day, play, steps, speed, and the day's length to move along. */
export function Controls({ day }: { day: string }) {
  const say = text.value;
  const { locale } = words.value;
  const shown = film.value;
  const today = dayOf(new Date(live.value));
  return (
    <section class="replay-controls" aria-label={say.replay}>
      <div class="replay-buttons">
        <button type="button" class="button" aria-label={say.earlier} onClick={() => go("replay", dayAfter(day, -1))}>‹</button>
        <label class="replay-day">
          <span class="unseen">{say.day}</span>
          <input type="date" value={day} max={today} onChange={(event) => event.currentTarget.value && go("replay", event.currentTarget.value)} />
        </label>
        <button
          type="button" class="button" aria-label={say.later} disabled={day >= today}
          onClick={() => go("replay", dayAfter(day, 1))}
        >
          ›
        </button>
        <button type="button" class="button" aria-label={say.previous} disabled={!shown} onClick={() => stepTo(-1)}>
          ◀ <span class="replay-word">{say.previous}</span>
        </button>
        <button type="button" class="button primary play" disabled={!shown} onClick={() => (playing.value = !playing.value)}>
          {playing.value ? say.pause : say.play}
        </button>
        <button type="button" class="button" aria-label={say.next} disabled={!shown} onClick={() => stepTo(1)}>
          <span class="replay-word">{say.next}</span> ▶
        </button>
        <div class="spans" role="group" aria-label={say.speed}>
          {SPEEDS.map((one) => (
            <button key={one} type="button" class="quiet" aria-pressed={speed.value === one} onClick={() => (speed.value = one)}>
              {say.times(String(one))}
            </button>
          ))}
        </div>
        <p class="replay-last">
          {shown && say.events(formatNumber(shown.changes.length, locale))}
          {last.value && (
            <> · {say.lastEvent} {formatClock(Date.parse(last.value.line.at), locale)} {eventName(last.value.line)} {actorName(last.value.line)}</>
          )}
        </p>
      </div>
      {shown && (
        <div class="scrub">
          <Strip />
          <input
            type="range" min={shown.begins} max={shown.ends} step={1000} value={at.value} aria-label={say.scrub}
            aria-valuetext={formatClock(at.value, locale)}
            onInput={(event) => {
              playing.value = false;
              seek(Number(event.currentTarget.value));
            }}
          />
          <p class="scrub-ends" aria-hidden="true">
            <span>{formatClock(shown.begins, locale)}</span><span>{say.keys}</span><span>{formatClock(shown.ends, locale)}</span>
          </p>
        </div>
      )}
    </section>
  );
}

/** When much happened and when nothing, for the eye. */
function Strip() {
  const shown = film.value;
  if (!shown) return null;
  const parts = density(shown, PARTS);
  const most = Math.max(1, ...parts);
  return (
    <svg class="strip" viewBox={`0 0 ${PARTS} 10`} preserveAspectRatio="none" aria-hidden="true">
      {parts.map((count, n) => {
        const height = count === 0 ? 0 : 2 + (8 * count) / most;
        return <rect key={n} x={n} y={10 - height} width={1} height={height} />;
      })}
    </svg>
  );
}
