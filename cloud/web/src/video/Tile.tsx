import { now } from "../state/clock";
import { cameras, isBad, openAt } from "../state/places";
import { worst } from "../state/order";
import { named, words as common } from "../words";
import { formatAge } from "../words/format";
import { SeverityMark } from "../wall/SeverityMark";
import type { Seen } from "./paging";
import { shots } from "./stills";
import { text } from "./words";

/** After this long a still is no picture of now. */
const STALE_MS = 15_000;

/** One camera's newest still, how old it is, and the way to its live picture. */
export function Tile({ seen, open }: { seen: Seen; open(): void }) {
  const words = text.value;
  const { locale } = common.value;
  void now.value; // ages tick
  const shot = shots.value.get(seen.id);
  const age = shot ? Math.max(0, performance.now() - shot.at) : 0;
  const stale = age > STALE_MS;
  const bad = cameras.value.some((one) => one.id === seen.id && isBad(one.status));
  const incidents = openAt.value.get(seen.point) ?? [];
  const severity = worst(incidents);
  const said = formatAge(age, locale);
  return (
    <li class="tile" data-stale={stale || bad}>
      <button type="button" id={`tile-${seen.id}`} onClick={open}>
        <span class="unseen">{words.openLive(named(seen.name))}</span>
        {shot ? (
          <img src={shot.url} alt="" width="640" height="360" />
        ) : (
          <span class="tile-empty">{bad ? words.offline : words.waiting}</span>
        )}
        {severity && (
          <span class="tile-alarms"><SeverityMark severity={severity} /> {words.alarms(incidents.length)}</span>
        )}
        {(stale || bad) && shot && <b class="tile-stale">{bad ? words.offline : words.stale(said)}</b>}
        <span class="tile-name">
          <b>{named(seen.name)}</b> <small>{seen.id} · {named(seen.gridName)}</small>
          {shot && <small class="tile-age">{words.ago(said)}</small>}
        </span>
      </button>
    </li>
  );
}
