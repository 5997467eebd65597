import { classNameOf } from "../state/classes";
import { now } from "../state/clock";
import { personNamed } from "../state/people";
import { deviceNamed, placeNamed } from "../state/places";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { alarmOf, out, restore, shelved, takeDown } from "./state";
import { text as catalogue } from "./words";

/** What is shelved and which devices are out of service: by whom, why, until when. */
export function Aside() {
  const text = catalogue.value;
  const { locale, severities } = words.value;
  const when = (iso: string): string => text.until(formatWhen(iso, locale, now.value));
  return (
    <section aria-labelledby="flood-shelved">
      <h3 id="flood-shelved">{text.shelved}</h3>
      {shelved.value.length === 0 ? <p class="note">{text.noShelved} {text.shelveHint}</p> : (
        <ul class="flood-list">
          {shelved.value.map((one) => {
            const alarm = alarmOf(one);
            return (
              <li key={one.id}>
                <p>
                  <b>{classNameOf(one.event_class)}</b> {placeNamed(one.place)} <small>{text.upTo(severities[one.no_worse_than])}</small>
                </p>
                <p class="note">{when(one.until)} · {text.by(personNamed(one.by))} · {one.reason}</p>
                {alarm ? (
                  <button type="button" class="button" onClick={() => void takeDown(alarm)}>{text.unshelve}</button>
                ) : <p class="note">{text.unshelveNone}</p>}
              </li>
            );
          })}
        </ul>
      )}
      <h3>{text.out}</h3>
      {out.value.length === 0 ? <p class="note">{text.noOut}</p> : (
        <ul class="flood-list">
          {out.value.map((one) => (
            <li key={one.device}>
              <p><b>{deviceNamed(one.device)}</b> <small>{one.device}</small></p>
              {one.out && <p class="note">{when(one.out.until)} · {text.by(personNamed(one.out.by))} · {one.out.reason}</p>}
              <button type="button" class="button" onClick={() => void restore(one)}>{text.putBack}</button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
