import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Head } from "../api/duty";
import "../look/handover.css";
import { now } from "../state/clock";
import { text as seatNames } from "../seat/words";
import { personNamed } from "../state/people";
import { addressOf, go, route } from "../state/route";
import { session } from "../state/session";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { Sheet } from "./Sheet";
import { busy, current, failed, give, load, mySeat, opened, openPast, outcome, past, seats, take } from "./state";
import { text } from "./words";

/** What stands changes all the time: look again so often. */
const AGAIN_MS = 20_000;

/** The hand-over of a seat: `#/handover`, and one that was offered: `#/handover/<id>`. */
export function Handover() {
  const id = route.value.rest[0];
  const say = text.value;
  useEffect(() => {
    outcome.value = null;
    if (id) void openPast(id);
    void load();
    const again = setInterval(() => void (id ? openPast(id) : load()), AGAIN_MS);
    return () => clearInterval(again);
  }, [id]);
  return (
    <main class="handover" aria-labelledby="handover-title">
      <div class="handover-head">
        <h2 id="handover-title" tabIndex={-1}>{say.title}</h2>
        {id && <button type="button" class="button" onClick={() => go("handover")}>{say.now}</button>}
        <button type="button" class="button" onClick={() => print()}>{say.print}</button>
      </div>
      {failed.value && (
        <p class="fault" role="alert">
          {say.failed} <button type="button" class="button" onClick={() => void load()}>{say.retry}</button>
        </p>
      )}
      <div class="handover-columns">
        {id ? <Offered id={id} /> : <Now />}
        <Past />
      </div>
    </main>
  );
}

/** What would be handed over now, and the first signature. */
function Now() {
  const say = text.value;
  const notes = useSignal("");
  const stands = current.value;
  const all = seats.value ?? [];
  if (!stands) return <p class="nothing">{words.value.list.loading}</p>;
  const own = mySeat();
  const mine = own === stands.seat;
  const waits = all.find((one) => one.seat === stands.seat)?.offered;
  const holder = all.find((one) => one.seat === stands.seat);
  const head = { seat: stands.seat, ...(holder?.username ? { giver: holder.username } : {}) };
  async function sign(event: Event): Promise<void> {
    event.preventDefault();
    const signed = await give(stands?.seat ?? "", notes.value.trim());
    if (signed) go("handover", signed.id);
  }
  return (
    <div class="handover-main">
      <div class="no-print">
        <label class="seat-pick">
          <span>{say.seat}</span>
          <select value={stands.seat} onChange={(event) => void load(event.currentTarget.value)}>
            {all.map((one) => (
              <option key={one.seat} value={one.seat}>
                {one.seat === own ? say.mine(seatNames.value.seat(one.seat)) : `${seatNames.value.seat(one.seat)}${one.username ? ` · ${personNamed(one.username)}` : ""}`}
              </option>
            ))}
          </select>
        </label>
        {waits && <p class="note"><a href={addressOf("handover", waits)}>{say.waiting} →</a></p>}
        {mine ? (
          <form class="sign" onSubmit={(event) => void sign(event)}>
            <label>
              <span>{say.notes}</span>
              <textarea
                rows={4} maxLength={4000} placeholder={say.notesHint} value={notes.value}
                onInput={(event) => (notes.value = event.currentTarget.value)}
              />
            </label>
            <button type="submit" class="button primary" disabled={busy.value}>
              {busy.value ? say.sending : waits ? say.again : say.offer}
            </button>
          </form>
        ) : (
          own === null && <p class="note">{say.noSeat}</p>
        )}
        <Outcome />
      </div>
      <Sheet head={head} lists={stands.lists} notes={mine ? notes.value : null} />
    </div>
  );
}

/** One that was offered, as it was signed; whoever is not its giver may sign, too. */
function Offered({ id }: { id: string }) {
  const say = text.value;
  const found = opened.value?.id === id ? opened.value : null;
  if (!found) return <p class="nothing">{words.value.list.loading}</p>;
  const mine = found.giver === session.value?.user.username;
  const open = !found.taken_at && !found.withdrawn_at;
  return (
    <div class="handover-main">
      <div class="no-print">
        <p class="note">{standing(found)}</p>
        {open && !mine && (
          <button type="button" class="button primary" disabled={busy.value} onClick={() => void take(id)}>
            {busy.value ? say.sending : say.take}
          </button>
        )}
        {open && mine && <p class="note">{say.own}</p>}
        <Outcome />
      </div>
      <Sheet head={found} lists={found.lists} notes={found.notes} />
    </div>
  );
}

function Past() {
  const say = text.value;
  return (
    <nav class="handover-past no-print" aria-labelledby="past-title">
      <h3 id="past-title">{say.past}</h3>
      {past.value.length === 0 && <p class="note">{say.nonePast}</p>}
      <ol>
        {past.value.map((one) => (
          <li key={one.id}>
            <a href={addressOf("handover", one.id)}>{seatNames.value.seat(one.seat)} · {personNamed(one.giver)}{one.taker && ` → ${personNamed(one.taker)}`}</a>
            <small>{standing(one)}</small>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function standing(one: Head): string {
  const say = text.value;
  const when = (iso: string): string => formatWhen(iso, words.value.locale, now.value);
  if (one.taken_at && one.taker) return say.taken(personNamed(one.giver), personNamed(one.taker), when(one.taken_at));
  if (one.withdrawn_at) return say.withdrawn(when(one.withdrawn_at));
  return say.offered(personNamed(one.giver), when(one.offered_at));
}

function Outcome() {
  return <p class={outcome.value?.good ? "outcome good" : "outcome"} role="status">{outcome.value?.text}</p>;
}
