import type { Incident } from "../api/types";
import { keys } from "../state/keymap";
import { cameraOf } from "../state/places";
import { addressOf } from "../state/route";
import { chordName, type Command } from "./commands";
import { CurvesButton } from "./CurvesButton";
import { maySee, PAGES } from "./pages";
import { text as desk } from "./words";

/** From a row to the pages about it. */
export function Ways({ incident }: { incident: Incident }) {
  const text = desk.value.more;
  const camera = cameraOf(incident);
  return (
    <div class="ways" role="group" aria-label={text.title}>
      <Way page="case" about={incident.id} command="case" name={text.case} />
      {camera && <Way page="video" about={camera} command="video" name={text.video} />}
      <CurvesButton of={{ kind: "point", id: incident.point.id }} />
    </div>
  );
}

function Way({ page, about, command, name }: { page: string; about: string; command: Command; name: string }) {
  if (!PAGES.some((one) => one.name === page && maySee(one))) return null;
  return (
    <a class="button" href={addressOf(page, about)}>
      {name} <kbd aria-hidden="true">{chordName(keys.value[command])}</kbd>
    </a>
  );
}
