import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import "../look/seat.css";
import type { Seat } from "../api/desk";
import { mySeat, seats } from "../state/duty";
import { personNamed } from "../state/people";
import { addressOf } from "../state/route";
import { awake, seatTrouble, sitDown, sitting } from "../state/seat";
import { tryOut, unlocked } from "../sound/speaker";
import { text as catalogue } from "./words";

/** A word that was read stays no longer than this, in milliseconds. */
const READ_MS = 20_000;

/** Across the wall until somebody has said whether they answer for it: never over it, since alarms do not wait. */
export function SeatBar() {
  const list = seats.value;
  if (!list || list.length === 0) return null;
  if (sitting.value === "unsaid") return <Choose list={list} />;
  return <Said />;
}

function Choose({ list }: { list: readonly Seat[] }) {
  const text = catalogue.value;
  const bar = useRef<HTMLElement>(null);
  // The first thing of a shift: its button has the focus, unless somebody is at something else already.
  useEffect(() => {
    const idle = document.activeElement === document.body || document.activeElement === null;
    if (idle) bar.current?.querySelector<HTMLElement>("button:not(.watch)")?.focus();
  }, []);
  const own = mySeat.value;
  return (
    <section ref={bar} class="seat-bar" aria-label={text.title}>
      <p>{text.notYet}</p>
      <div class="seat-choices" role="group" aria-label={text.choose}>
        {(own ? [own] : list).map((seat) => <SeatButton key={seat.seat} seat={seat} own={own !== null} />)}
        <button type="button" class="button watch" onClick={() => (sitting.value = "watching")}>{text.watch}</button>
        <a href={addressOf("seat")}>{text.open}</a>
      </div>
      {seatTrouble.value && <p class="fault" role="alert">{seatTrouble.value}</p>}
    </section>
  );
}

function SeatButton({ seat, own }: { seat: Seat; own: boolean }) {
  const text = catalogue.value;
  const name = text.seat(seat.seat);
  if (own || !seat.username) {
    return (
      <button type="button" class="button primary" onClick={() => void sitDown(own ? { ...seat, offered: null } : seat)}>
        {own ? text.goOn(name) : text.take(name)}
      </button>
    );
  }
  if (seat.offered) return <a class="button" href={addressOf("seat")}>{text.sign(name, personNamed(seat.username))}</a>;
  return <span class="note">{text.taken(name, personNamed(seat.username))}</span>;
}

/** What came of it, for as long as it takes to read. */
function Said() {
  const text = catalogue.value;
  const shown = useSignal(true);
  useEffect(() => {
    const timer = setTimeout(() => (shown.value = false), READ_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!shown.value) return null;
  const seat = mySeat.value;
  const name = seat ? text.seat(seat.seat) : "";
  return (
    <section class="seat-bar" aria-label={text.title}>
      <p role="status">
        {sitting.value === "watching" ? text.watching
          : !unlocked.value ? text.silent : awake.value ? text.seated(name) : text.seatedDim(name)}
      </p>
      <div class="seat-choices">
        {sitting.value === "seated" && <button type="button" class="button" onClick={tryOut}>{text.tryAgain}</button>}
        <button type="button" class="button" onClick={() => (shown.value = false)}>
          {sitting.value === "seated" ? text.fine : text.close}
        </button>
      </div>
    </section>
  );
}
