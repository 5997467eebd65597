import type { Difference } from "../api/editor";
import { said } from "./differences";
import { text } from "./words";

const MOST = 40;

/** What would change, a line each. */
export function Differences({ changes }: { changes: readonly Difference[] }) {
  const { diff: t } = text.value;
  return (
    <ul class="differences">
      {changes.slice(0, MOST).map((one, n) => {
        const { where, kind, what } = said(one);
        return <li key={n}><b class={kind}>{t[kind]}</b> <span>{where}</span> <i>{what}</i></li>;
      })}
      {changes.length > MOST && <li>{t.more(changes.length - MOST)}</li>}
    </ul>
  );
}
