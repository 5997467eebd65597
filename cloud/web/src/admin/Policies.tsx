import { policies, type PolicyHead } from "../api/admin";
import { useLoaded } from "../office/asking";
import { Fault, Frame } from "../office/Sheet";
import { text as shared } from "../office/words";
import { now } from "../state/clock";
import { addressOf, route } from "../state/route";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { PolicyEditor } from "./PolicyEditor";
import { text } from "./words";

/** The kinds of policies; or one of them. */
export function Policies() {
  const kind = route.value.rest[1];
  return kind ? <PolicyEditor key={kind} kind={kind} /> : <List />;
}

function List() {
  const found = useLoaded(policies, []);
  return (
    <>
      <Fault refused={found.refused} again={found.again} />
      {!found.value && found.loading && <p class="nothing">{shared.value.loading}</p>}
      {found.value && (
        <Frame label={text.value.parts.policies}>
          <table class="sheet"><tbody>{found.value.map((one) => <Line key={one.kind} one={one} />)}</tbody></table>
        </Frame>
      )}
    </>
  );
}

function Line({ one }: { one: PolicyHead }) {
  const { locale } = words.value;
  return (
    <tr>
      <th scope="row"><a href={addressOf("admin", "policies", one.kind)}>{text.value.kindNames[one.kind] ?? one.kind}</a> <small>{one.kind}</small></th>
      <td>{one.version > 0 ? text.value.version(String(one.version)) : text.value.noVersion}</td>
      <td>{one.source && text.value.bySource[one.source]} {one.actor && <small>{one.actor.name}</small>}</td>
      <td class="nowrap">{one.at && formatWhen(one.at, locale, now.value)}</td>
      <td>{one.waiting && <span class="middling">▲ {text.value.waitingFile}</span>}</td>
    </tr>
  );
}
