import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import "../look/seat.css";
import { Refused } from "../api/calls";
import { type Handover, handover, type Seat } from "../api/desk";
import { inWords } from "../state/actions";
import { classNameOf } from "../state/classes";
import { now } from "../state/clock";
import { loadSeats, mySeat, seats } from "../state/duty";
import { personNamed } from "../state/people";
import { placeNamed } from "../state/places";
import { addressOf } from "../state/route";
import { leave, seatTrouble, sitDown, sitting, standUp } from "../state/seat";
import { tryOut, unlock, unlocked } from "../sound/speaker";
import { maySee, PAGES } from "../wall/pages";
import { words } from "../words";
import { formatNumber, formatWhen } from "../words/format";
import { text as catalogue } from "./words";

/** All seats: who sits there, what is handed over, and the ways to sit down and to leave. */
export function SeatPage() {
  const text = catalogue.value;
  useEffect(() => void loadSeats(), []);
  const list = seats.value;
  return (
    <main class="seats" aria-labelledby="seats-title">
      <h2 id="seats-title" tabIndex={-1}>{text.open}</h2>
      {seatTrouble.value && <p class="fault" role="alert">{seatTrouble.value}</p>}
      {list === null ? <p class="nothing">{text.loading}</p> : list.length === 0 ? <p class="nothing">{text.noSeats}</p> : (
        <ul class="seat-cards">{list.map((seat) => <Card key={seat.seat} seat={seat} />)}</ul>
      )}
      <section class="seat-speaker" aria-label={text.speaker}>
        <h3>{text.speaker}</h3>
        <button type="button" class="button" onClick={() => (unlocked.value ? tryOut() : void unlock())}>{text.tryAgain}</button>
      </section>
    </main>
  );
}

function Card({ seat }: { seat: Seat }) {
  const text = catalogue.value;
  const { locale } = words.value;
  const own = mySeat.value?.seat === seat.seat;
  const leaving = useSignal(false);
  const name = text.seat(seat.seat);
  return (
    <li class={own ? "seat-card own" : "seat-card"}>
      <h3>{name}</h3>
      <p>
        <b>{seat.username ? personNamed(seat.username) : text.free}</b>{" "}
        {seat.since && <small>{text.since(formatWhen(seat.since, locale, now.value))}</small>}{" "}
        {seat.on_roster === false && <small>{text.offRoster}</small>}
      </p>
      {own && <p class="note">{text.own}</p>}
      <div class="seat-choices">
        {!seat.username && !mySeat.value && (
          <button type="button" class="button primary" onClick={() => void sitDown(seat)}>{text.take(name)}</button>
        )}
        {own && sitting.value === "unsaid" && (
          <button type="button" class="button primary" onClick={() => void sitDown({ ...seat, offered: null })}>{text.goOn(name)}</button>
        )}
        {own && PAGES.some((one) => one.name === "handover" && maySee(one)) && (
          <a class="button" href={addressOf("handover")}>{text.handOver}</a>
        )}
        {seat.username && (
          <button type="button" class="button aside" aria-expanded={leaving.value} onClick={() => (leaving.value = !leaving.value)}>
            {own ? text.leave : text.freeSeat}
          </button>
        )}
      </div>
      {leaving.value && <Leave seat={seat} own={own} onDone={() => (leaving.value = false)} />}
      {seat.offered && <Offered key={seat.offered} seat={seat} id={seat.offered} own={own} />}
    </li>
  );
}

function Leave({ seat, own, onDone }: { seat: Seat; own: boolean; onDone: () => void }) {
  const text = catalogue.value;
  const field = useRef<HTMLInputElement>(null);
  const missing = useSignal(false);
  useEffect(() => field.current?.focus(), []);
  function submit(event: Event): void {
    event.preventDefault();
    const reason = field.current?.value.trim() ?? "";
    missing.value = reason === "";
    if (reason === "") return;
    void leave(seat, reason).then((done) => {
      if (!done) return;
      onDone();
      if (own) standUp();
    });
  }
  return (
    <form class="reason" onSubmit={submit}>
      <label class="field"><span>{text.reason}</span><input ref={field} type="text" maxLength={500} /></label>
      {missing.value && <p class="fault" role="alert">{text.needs}</p>}
      <button type="submit" class="button">{text.confirm}</button>
    </form>
  );
}

/** What is handed over here: to be read before it is signed. */
function Offered({ seat, id, own }: { seat: Seat; id: string; own: boolean }) {
  const text = catalogue.value;
  const { locale } = words.value;
  const found = useSignal<Handover | null>(null);
  const trouble = useSignal("");
  useEffect(() => {
    handover(id).then(
      (one) => (found.value = one),
      (error: unknown) => {
        if (!(error instanceof Refused)) throw error;
        trouble.value = inWords(error);
      },
    );
  }, [id]);
  if (trouble.value) return <p class="fault" role="alert">{trouble.value}</p>;
  if (!found.value) return <p class="note">{text.loading}</p>;
  const { notes, lists } = found.value;
  const when = (iso: string): string => formatWhen(iso, locale, now.value);
  return (
    <section class="offered" aria-label={text.read}>
      <h4>{text.notes}</h4>
      <p class="offered-notes">{notes || text.noNotes}</p>
      <p>{text.lists(formatNumber(lists.open_count, locale))}</p>
      <h4>{text.shelved}</h4>
      {lists.shelved.length === 0 ? <p class="note">{text.none}</p> : (
        <ul>{lists.shelved.map((one) => (
          <li key={`${one.place} ${one.event_class}`}>{placeNamed(one.place)} {classNameOf(one.event_class)} {text.until(when(one.until))} · {personNamed(one.by)} · {one.reason}</li>
        ))}</ul>
      )}
      <h4>{text.muted}</h4>
      {(lists.muted ?? []).length === 0 ? <p class="note">{text.none}</p> : (
        <ul>{(lists.muted ?? []).map((one) => (
          <li key={one.id}>{personNamed(one.username)} {when(one.since)}–{when(one.ended_at ?? one.until)} · {one.reason}</li>
        ))}</ul>
      )}
      {!own && !mySeat.value && (
        <button type="button" class="button primary" onClick={() => void sitDown(seat)}>{text.signNow}</button>
      )}
    </section>
  );
}
