import { useSignal } from "@preact/signals";
import type { Notice } from "../api/case";
import type { IncidentEvent } from "../api/types";
import { now } from "../state/clock";
import { organisationNamed } from "../state/organisations";
import { personNamed } from "../state/people";
import { deviceNamed } from "../state/places";
import { words } from "../words";
import { actorName, eventDetails, eventName, eventReason } from "../words/events";
import { formatWhen } from "../words/format";
import type { CaseFile } from "./load";
import { stepNamed } from "./names";
import { type Kind, type Moment, moments } from "./timeline";
import { why } from "./why";
import { text } from "./words";

const SHOWN = ["all", "log", "notice", "picture"] as const;

/** The whole life of a case, each moment in words with the cloud's time and the device's. */
export function Timeline({ file }: { file: CaseFile }) {
  const shown = useSignal<"all" | Kind>("all");
  const newest = useSignal(true);
  const say = text.value;
  const all = moments(file.incident, file.log, file.notices ?? []);
  const rows = all.filter((one) => shown.value === "all" || one.kind === shown.value);
  if (newest.value) rows.reverse();
  return (
    <section class="case-timeline" aria-labelledby="case-timeline-title">
      <div class="case-timeline-head">
        <h3 id="case-timeline-title">{say.timeline}</h3>
        <div class="spans" role="group" aria-labelledby="case-timeline-title">
          {SHOWN.map((kind) => (
            <button key={kind} type="button" class="quiet" aria-pressed={shown.value === kind} onClick={() => (shown.value = kind)}>
              {say.shown[kind]}
            </button>
          ))}
        </div>
        <button type="button" class="quiet" onClick={() => (newest.value = !newest.value)}>
          {newest.value ? say.newest : say.oldest}
        </button>
      </div>
      {file.notices === null && <p class="note">{say.shown["notice"]}: {say.partFailed}</p>}
      <ol>{rows.map((one) => <Row key={one.key} moment={one} />)}</ol>
    </section>
  );
}

function Row({ moment }: { moment: Moment }) {
  const say = text.value;
  const { locale } = words.value;
  const by = "event" in moment ? moment.event.actor.kind : "device";
  return (
    <li class={`moment-${moment.kind} by-${by}`}>
      <time dateTime={new Date(moment.at).toISOString()}>{formatWhen(new Date(moment.at).toISOString(), locale, now.value)}</time>
      <div>
        <Said moment={moment} />
        {moment.device && moment.kind === "log" && (
          <small>{say.deviceTime(formatWhen(moment.device, locale, now.value))}</small>
        )}
      </div>
    </li>
  );
}

function Said({ moment }: { moment: Moment }) {
  const say = text.value;
  if ("event" in moment) return <Line event={moment.event} />;
  if ("notice" in moment) return <Told notice={moment.notice} />;
  if ("photo" in moment) {
    return <p>{say.captured(say.kinds[moment.photo.kind] ?? moment.photo.kind)} <small>{deviceNamed(moment.photo.camera)}</small></p>;
  }
  return <p>{moment.seen.gone ? say.goneAt(deviceNamed(moment.seen.device)) : say.alarmAt(deviceNamed(moment.seen.device))}</p>;
}

function Line({ event }: { event: IncidentEvent }) {
  const { states } = words.value;
  const parts = [...eventDetails(event, now.value), ...more(event)];
  const reason = eventReason(event);
  return (
    <>
      <p>
        <b>{lineName(event)}</b> <span>{actorName(event)}</span>
        {event.to_state !== event.from_state && <span class="to"> → {states[event.to_state]}</span>}
        {parts.map((part) => <span key={part}> · {part}</span>)}
      </p>
      {reason && <q>{reason}</q>}
    </>
  );
}

function lineName(event: IncidentEvent): string {
  const say = text.value;
  if (event.action === "asset_linked") return say.linked;
  if (event.action === "asset_unlinked") return say.unlinked;
  const name = eventName(event);
  return name === event.action ? stepNamed(event.action) : name;
}

/** What this page tells of a line beyond what the wall's narrow column does. */
function more(event: IncidentEvent): string[] {
  const say = text.value;
  const { detail } = event;
  const found: string[] = [];
  const text_ = (key: string): string => (typeof detail[key] === "string" ? detail[key] : "");
  if (text_("wish")) found.push(say.wishes[text_("wish")] ?? text_("wish"));
  if (text_("form")) found.push(say.forms[text_("form")] ?? text_("form"));
  if (text_("without_feedback")) found.push(say.withoutFeedback(text_("without_feedback")));
  if (text_("asset")) found.push(text_("asset"));
  return found;
}

/** A notice: to whom, each attempt and what came of it, who has read it. */
function Told({ notice }: { notice: Notice }) {
  const say = text.value;
  const { locale } = words.value;
  const when = (iso: string): string => formatWhen(iso, locale, now.value);
  const called = notice.attempts.flatMap((one) => one.recipients);
  const told = new Set((called.length > 0 ? called : notice.receipts.map((one) => one.username)).map(recipient));
  return (
    <>
      <p><b>{say.told([...told].join(locale === "zh-CN" ? "、" : ", ") || say.nobody)}</b> <span>{locale === "zh-CN" ? notice.words.zh : notice.words.en}</span></p>
      <ul class="attempts">
        {notice.attempts.map((one) => (
          <li key={`${one.rung} ${one.channel} ${one.began_at}`}>
            {when(one.began_at)} {say.channel[one.channel] ?? one.channel} · {say.attempt[one.state] ?? one.state}
            {one.tries > 1 && <> · {say.tries(String(one.tries))}</>}
            {one.answer && one.state !== "sent" && <> · {why(one.answer)}</>}
          </li>
        ))}
        {notice.receipts.map((one) => (
          <li key={one.username}>
            {one.read_at ? say.read(personNamed(one.username), when(one.read_at)) : one.delivered_at ? say.delivered(personNamed(one.username)) : say.unread(personNamed(one.username))}
          </li>
        ))}
        {notice.ended_by && <li>{say.ended[notice.ended_by] ?? notice.ended_by}</li>}
      </ul>
    </>
  );
}

/** `organisation:CG`, `person:lin` or a user name, as people say it. */
function recipient(target: string): string {
  const [kind, id] = target.split(":");
  if (!id) return target;
  return kind === "organisation" ? organisationNamed(id) : kind === "person" ? personNamed(id) : id;
}
