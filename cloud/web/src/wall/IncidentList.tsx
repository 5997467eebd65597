import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { now } from "../state/clock";
import {
  loaded, type Row as Line, rowOf, rows, selectedId, severities, shelf, sought, toggleSeverity,
} from "../state/incidents";
import { askLights } from "../state/lights";
import { isWaiting, SEVERITIES } from "../state/order";
import { words } from "../words";
import { Row } from "./Row";
import { SeverityMark } from "./SeverityMark";
import { pieceOf, scrollFor } from "./window";
import { text as desk } from "./words";

/** Heights in pixels, as `look/list.css` sets them. */
const HEADING = 27;
const ROW = 69;
const ROW_NARROW = 84;
const narrow = matchMedia("(max-width: 1499px)");
const LIGHTS_EVERY_S = 15;

export function IncidentList() {
  const text = words.value.list;
  const all = rows.value;
  const { box, top, height, row } = useScrolled();
  const split = shelf.value === "open" ? all.filter((one) => isWaiting(one.incident)).length : 0;
  const waitingCount = all.slice(0, split).reduce((sum, one) => sum + (one.under ? 0 : one.size), 0);
  const restCount = all.slice(split).reduce((sum, one) => sum + (one.under ? 0 : one.size), 0);
  const starts = split > 0 ? [HEADING, 2 * HEADING + split * row] as const : [0, HEADING] as const;
  const waiting = pieceOf(split, row, top - starts[0], height);
  const rest = pieceOf(all.length - split, row, top - starts[1], height);

  useLayoutEffect(() => {
    const at = rowOf(selectedId.value);
    if (at < 0 || !box.current) return;
    const place = at < split ? starts[0] + at * row : starts[1] + (at - split) * row;
    const to = scrollFor(place, row, box.current.scrollTop, box.current.clientHeight, HEADING);
    if (to !== null) box.current.scrollTop = to;
  }, [selectedId.value, loaded.value]);

  const tick = Math.floor(now.value / 1000 / LIGHTS_EVERY_S);
  const shown = [...all.slice(waiting.from, waiting.to), ...all.slice(split + rest.from, split + rest.to)];
  const ids = shown.map((one) => `${one.incident.id} ${one.incident.version}`).join();
  useEffect(() => void askLights(shown.map((one) => one.incident)), [ids, tick]);

  return (
    <section class="list" aria-labelledby="list-title">
      <div class="list-head">
        <h2 id="list-title" tabIndex={-1}>{text.title}</h2>
        <div class="shelves" role="group" aria-labelledby="list-title">
          {(["open", "finished"] as const).map((one) => (
            <button key={one} type="button" aria-pressed={shelf.value === one} onClick={() => (shelf.value = one)}>
              {one === "open" ? text.open : text.closed}
            </button>
          ))}
        </div>
      </div>
      <Filters />
      <div class="list-rows" ref={box}>
        {all.length === 0 && <p class="nothing">{emptiness()}</p>}
        {split > 0 && (
          <Shelf heading={text.waiting(waitingCount)} rows={all.slice(0, split)} piece={waiting} row={row} urgent />
        )}
        {all.length > split && (
          <Shelf
            heading={shelf.value === "open" ? text.rest(restCount) : text.done(restCount)}
            rows={all.slice(split)} piece={rest} row={row}
          />
        )}
      </div>
    </section>
  );
}

function emptiness(): string {
  const text = words.value.list;
  if (!loaded.value) return text.loading;
  if (sought.value || severities.value.size > 0) return desk.value.nothingFound;
  return shelf.value === "open" ? text.empty : text.emptyClosed;
}

/** Which severities, and what is searched for. */
function Filters() {
  const text = desk.value;
  return (
    <form class="filters" role="search" aria-label={text.filter} onSubmit={(event) => event.preventDefault()}>
      {SEVERITIES.map((severity) => (
        <button
          key={severity} type="button" class="filter" aria-pressed={severities.value.has(severity)}
          onClick={() => toggleSeverity(severity)}
        >
          <SeverityMark severity={severity} />
        </button>
      ))}
      <input
        type="search" class="search" value={sought.value} placeholder={text.search} aria-label={text.search}
        onInput={(event) => (sought.value = event.currentTarget.value)}
      />
    </form>
  );
}

/** One shelf; of its rows only those in view are in the page, however many there are. */
function Shelf({ heading, rows, piece, row, urgent = false }: {
  heading: string;
  rows: readonly Line[];
  piece: { from: number; to: number };
  row: number;
  urgent?: boolean;
}) {
  return (
    <>
      <h3 class={urgent ? "shelf urgent" : "shelf"}>{heading}</h3>
      <ol style={{ height: rows.length * row, paddingTop: piece.from * row }}>
        {rows.slice(piece.from, piece.to).map((one, n) => (
          <li key={one.incident.id} aria-setsize={rows.length} aria-posinset={piece.from + n + 1}>
            <Row row={one} />
          </li>
        ))}
      </ol>
    </>
  );
}

/** What the list shows of itself, in pixels. */
function useScrolled() {
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ top: 0, height: innerHeight, row: narrow.matches ? ROW_NARROW : ROW });
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const look = (): void =>
      setSeen({ top: element.scrollTop, height: element.clientHeight, row: narrow.matches ? ROW_NARROW : ROW });
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      sizes.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);
  return { box, ...seen };
}
