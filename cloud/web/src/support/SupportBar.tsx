import "../look/support.css";
import { now } from "../state/clock";
import { addressOf } from "../state/route";
import { named, words } from "../words";
import { formatWhen } from "../words/format";
import { asking, others, read, type Told } from "./state";
import { text } from "./words";

/** Notices that are shown at once; the others come when these are read. */
const MOST = 3;

/** Across the wall while somebody in the street asks for help, or the ladder tells of what no case in the list shows. */
export function SupportBar() {
  const { title, read: have, notices, known } = text.value;
  return (
    <>
      {asking.value.length > 0 && (
        <section class="support-bar" role="alert" aria-label={title}>
          <h2>{title}</h2>
          <Rows told={asking.value} have={have} />
        </section>
      )}
      {others.value.length > 0 && (
        <section class="support-bar calm" role="status" aria-label={notices(others.value.length)}>
          <h2>{notices(others.value.length)}</h2>
          <Rows told={others.value.slice(0, MOST)} have={known} />
        </section>
      )}
    </>
  );
}

function Rows({ told, have }: { told: readonly Told[]; have: string }) {
  return (
    <ul>
      {told.map((one) => (
        <li key={one.id}>
          <p><time>{formatWhen(one.created_at, words.value.locale, now.value)}</time> {named(one.words)}</p>
          {one.incident_id && <a class="button" href={addressOf("case", one.incident_id)}>{text.value.look}</a>}
          <button type="button" class="button" onClick={() => void read(one)}>{have}</button>
        </li>
      ))}
    </ul>
  );
}
