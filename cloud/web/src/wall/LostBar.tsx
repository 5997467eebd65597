import { lost, silence } from "../state/live";
import { words } from "../words";
import { formatAge } from "../words/format";

/** A calm wall that is dead is the worst failure there is: say it in both languages, across the page. */
export function LostBar() {
  if (!lost.value) return null;
  const { live, locale } = words.value;
  return (
    <div class="lost">
      <p role="alert">
        <b>{live.lost}</b> / {live.lostOther}
      </p>
      <p>{live.lostFor(formatAge(silence.value, locale))}</p>
    </div>
  );
}
