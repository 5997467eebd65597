import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Refused } from "../api/calls";
import { type PlaceHistory as History, placeHistory } from "../api/desk";
import type { Incident } from "../api/types";
import { now } from "../state/clock";
import { seesPictures } from "../state/session";
import { words } from "../words";
import { formatNumber } from "../words/format";
import { HourAgo } from "./HourAgo";
import { text as desk } from "./words";

const DAYS = 30;
const DAY_MS = 86_400_000;

/** What this place has seen in thirty days, and how it looked an hour ago. */
export function PlaceHistory({ incident }: { incident: Incident }) {
  const found = useSignal<{ of: string; history: History | null } | null>(null);
  useEffect(() => {
    let stale = false;
    placeHistory(incident.place, incident.event_class.code).then(
      (history) => {
        if (!stale) found.value = { of: incident.id, history };
      },
      (error: unknown) => {
        if (!(error instanceof Refused)) throw error;
        if (!stale) found.value = { of: incident.id, history: null };
      },
    );
    return () => {
      stale = true;
    };
  }, [incident.id]);
  const text = desk.value.place;
  const { locale } = words.value;
  if (found.value?.of !== incident.id) return <section class="place-history" aria-label={text.title} aria-busy="true" />;
  const { history } = found.value;
  if (!history) return <section class="place-history" aria-label={text.title}><p class="note">{text.failed}</p></section>;
  const { judged, earlier } = history;
  const number = (n: number): string => formatNumber(n, locale);
  const unjudged = history.alarms - judged.true - judged.false - judged.other_class - judged.unsure;
  const parts = [
    judged.true > 0 && text.right(number(judged.true)),
    judged.false > 0 && text.wrong(number(judged.false)),
    judged.other_class > 0 && text.other(number(judged.other_class)),
    judged.unsure > 0 && text.unsure(number(judged.unsure)),
    unjudged > 0 && text.open(number(unjudged)),
  ];
  return (
    <section class="place-history" aria-label={text.title}>
      <div>
        <h3>{text.title}</h3>
        {history.alarms === 0 ? <p class="note">{text.none}</p> : (
          <>
            <Days history={history} />
            <p class="note"><b>{text.sum(number(history.alarms))}</b> {parts.filter(Boolean).join(" · ")}</p>
          </>
        )}
      </div>
      {seesPictures() && <HourAgo incident={incident} kept={earlier} />}
    </section>
  );
}

/** A bar a day: what was right stands on what was wrong; each tells its day and number. */
function Days({ history }: { history: History }) {
  const text = desk.value.place;
  const { locale } = words.value;
  const most = Math.max(...history.days.map((one) => one.alarms), 4);
  const byDay = new Map(history.days.map((one) => [one.day, one]));
  const today = now.peek();
  const days = Array.from({ length: DAYS }, (_, n) => localDay(today - (DAYS - 1 - n) * DAY_MS));
  return (
    <svg class="days" viewBox={`0 0 ${DAYS * 10} 44`} role="img" aria-label={spoken(history)} preserveAspectRatio="none">
      {days.map((day, n) => {
        const one = byDay.get(day);
        if (!one) return <rect key={day} class="day-none" x={n * 10} y={42} width={8} height={2} />;
        const tall = Math.max(4, (one.alarms / most) * 42);
        const wrong = (one.judged.false + one.judged.other_class) / one.alarms;
        return (
          <g key={day}>
            <title>{text.day(day, formatNumber(one.alarms, locale))}</title>
            <rect class="day-right" x={n * 10} y={44 - tall} width={8} height={tall * (1 - wrong)} />
            <rect class="day-wrong" x={n * 10} y={44 - tall * wrong} width={8} height={tall * wrong} />
          </g>
        );
      })}
    </svg>
  );
}

function spoken(history: History): string {
  const { locale } = words.value;
  return history.days.map((one) => desk.value.place.day(one.day, formatNumber(one.alarms, locale))).join(", ");
}

/** The day as the API writes it, by this computer's zone. */
function localDay(at: number): string {
  const day = new Date(at);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}
