import { triedPicture } from "../api/editor";
import { now } from "../state/clock";
import { labelled, named, words } from "../words";
import { formatAge, formatClock, formatNumber, formatPercent } from "../words/format";
import type { Zone } from "./draft";
import { draft } from "./state";
import { type Answer, begin, cancel, isDone, type Raised, type Try, trying } from "./trying";
import { camera } from "./state";
import { text } from "./words";

/** What the zones as they are drawn would have raised in the last hour. */
export function Tried() {
  const { tried: t } = text.value;
  const mine = trying.value?.camera === camera.value ? trying.value : null;
  const busy = mine !== null && !isDone(mine);
  const rules = (draft.value?.zones ?? []).some((zone) => zone.rules?.length);
  return (
    <section class="editor-card tried" aria-labelledby="tried-title">
      <header class="tried-head">
        <h3 id="tried-title">{t.title}</h3>
        {busy ? (
          <button type="button" class="button" onClick={() => void cancel()}>{t.cancel}</button>
        ) : (
          <button type="button" class="button" disabled={!rules} onClick={() => void begin()}>{t.start}</button>
        )}
      </header>
      <p class="note">{rules ? t.why : t.noRules}</p>
      <div aria-live="polite">{mine && <Outcome one={mine} />}</div>
    </section>
  );
}

function Outcome({ one }: { one: Try }) {
  const { tried: t } = text.value;
  const { locale } = words.value;
  if (one.refused) return <p class="fault">{t.failed(one.refused.detail || one.refused.code)}</p>;
  const state = one.command?.state;
  if (state === "expired") return <p class="fault">{t.expired}</p>;
  if (state === "failed") return <p class="fault">{t.failed(String(one.command?.answer?.reason ?? ""))}</p>;
  if (state !== "answered" || !one.command) {
    return <p class="tried-waiting">{t.waiting(formatAge(now.value - one.began, locale))}</p>;
  }
  return <Found command={one.command.id} answer={one.command.answer as unknown as Answer} one={one} />;
}

function Found({ command, answer, one }: { command: string; answer: Answer; one: Try }) {
  const { tried: t } = text.value;
  const { locale } = words.value;
  const zones = new Map(one.draft.zones.map((zone) => [zone.id, zone]));
  const clock = (iso: string | null): string => (iso ? formatClock(new Date(iso), locale) : "");
  return (
    <>
      {one.draft !== draft.value && <p class="note stale">{t.stale}</p>}
      <h4>{t.would(answer.raised.length)}</h4>
      <p class="note">
        {t.looked(formatNumber(answer.pictures, locale), clock(answer.began), clock(answer.ended))}
        {!answer.complete && ` ${t.partly}`}
        {answer.gaps > 0 && ` ${t.gaps(formatNumber(answer.gaps, locale))}`}
        {answer.unclear > 0 && ` ${t.unclear(formatNumber(answer.unclear, locale))}`}
        {` ${t.small}`}
      </p>
      <ol class="raised">
        {answer.raised.map((raised, n) => <Case key={n} raised={raised} command={command} zone={zones.get(raised.zone)} />)}
      </ol>
      <h4>{t.nearest}</h4>
      <ul class="nearest">
        {answer.nearest.map((near) => {
          const zone = zones.get(near.zone);
          const people = isAboutPeople(zone, near.rule);
          return (
            <li key={`${near.zone} ${near.rule}`}>
              <b>{nameOf(zone, near.zone)} · {near.rule}</b>{" "}
              {(people ? t.mostPeople : t.most)(formatNumber(near.most, locale))}
              {!people && near.longest_s > 0 && ` · ${t.longest(formatAge(near.longest_s * 1000, locale))}`}
              {answer.limits.filter((limit) => limit.zone === near.zone && limit.rule === near.rule).map((limit) => (
                <small key={limit.limit}>{t.limits[limit.limit] ?? limit.limit}</small>
              ))}
            </li>
          );
        })}
      </ul>
    </>
  );
}

function Case({ raised, command, zone }: { raised: Raised; command: string; zone: Zone | undefined }) {
  const { tried: t } = text.value;
  const { locale } = words.value;
  const clock = (iso: string): string => formatClock(new Date(iso), locale);
  const name = nameOf(zone, raised.zone);
  const error = raised.count_error ? formatNumber(raised.count_error, locale) : "";
  return (
    <li>
      {raised.picture !== null && <img src={triedPicture(command, raised.picture)} alt={t.alt(name, clock(raised.opened_at))} loading="lazy" />}
      <p>
        <b>{name} · {raised.rule}</b>
        <span>{raised.suspected && `${t.suspected} `}{labelled(raised.label)}</span>
        <span>{(raised.at_least ? t.sinceAtLeast : t.since)(clock(raised.since))}</span>
        <span>{t.opened(clock(raised.opened_at))}</span>
        <span>{raised.cleared_at ? t.cleared(clock(raised.cleared_at)) : t.open}</span>
        {raised.count !== null && <span>{t.counted(formatNumber(raised.count, locale), error)}</span>}
        {raised.score > 0 && <span>{t.score(formatPercent(raised.score, locale))}</span>}
      </p>
    </li>
  );
}

function nameOf(zone: Zone | undefined, id: string): string {
  return zone ? named(zone.name) : id;
}

function isAboutPeople(zone: Zone | undefined, rule: string): boolean {
  const kind = zone?.rules?.find((one) => one.id === rule)?.kind;
  return kind !== undefined && kind !== "parked" && kind !== "left";
}
