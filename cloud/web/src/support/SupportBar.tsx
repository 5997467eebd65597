import "../look/support.css";
import { now } from "../state/clock";
import { addressOf } from "../state/route";
import { named, words } from "../words";
import { formatWhen } from "../words/format";
import { asking, read } from "./state";
import { text } from "./words";

/** Across the wall while somebody in the street asks for help and nobody here has said that they have it. */
export function SupportBar() {
  if (asking.value.length === 0) return null;
  const { title, look, read: have } = text.value;
  return (
    <section class="support-bar" role="alert" aria-label={title}>
      <h2>{title}</h2>
      <ul>
        {asking.value.map((one) => (
          <li key={one.id}>
            <p><time>{formatWhen(one.created_at, words.value.locale, now.value)}</time> {named(one.words)}</p>
            {one.incident_id && <a class="button" href={addressOf("case", one.incident_id)}>{look}</a>}
            <button type="button" class="button" onClick={() => void read(one)}>{have}</button>
          </li>
        ))}
      </ul>
    </section>
  );
}
