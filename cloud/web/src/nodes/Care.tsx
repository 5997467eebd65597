import type { Command, Incident } from "../api/types";
import { ask, askedOf, asking, askedOn, mayAsk, nodeOf, trouble } from "../state/care";
import { now } from "../state/clock";
import { isCamera } from "../state/places";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { sentence } from "../words/sentences";

const SHOWN = 3;
const LOG_SECONDS = 600;

/** On a case's page: a photo now, a second look, and what became of those asked for. */
export function Care({ incident }: { incident: Incident }) {
  const text = words.value.care;
  const node = nodeOf(incident);
  const camera = incident.camera;
  if (!node || !isCamera(camera) || !mayAsk()) return null;
  const alarm = incident.alarms.find((one) => one.device === camera) ?? incident.alarms[0];
  if (!alarm) return null;
  const about = { incident_id: incident.id, body: { camera, condition_id: alarm.condition_id } };
  return (
    <section class="care" aria-label={text.title} aria-busy={asking.value}>
      <div class="care-row">
        <button
          type="button" class="button" aria-disabled={asking.value}
          onClick={() => void ask(node, { kind: "photo", ...about })}
        >
          {text.photo}
        </button>
        <button
          type="button" class="button" aria-disabled={asking.value}
          onClick={() => void ask(node, { kind: "look_again", ...about })}
        >
          {text.lookAgain}
        </button>
      </div>
      <Asked commands={askedOn(incident)} />
    </section>
  );
}

/** On a node's page: send it the site, have it log more. */
export function NodeCare({ node }: { node: string }) {
  const text = words.value.care;
  if (!mayAsk()) return null;
  const body = { logger: "edge", level: "DEBUG" as const, seconds: LOG_SECONDS };
  return (
    <section class="care" aria-label={`${text.remote} ${node}`} aria-busy={asking.value}>
      <div class="care-row">
        <button
          type="button" class="button" aria-disabled={asking.value}
          onClick={() => void ask(node, { kind: "site", body: {} })}
        >
          {text.site}
        </button>
        <button
          type="button" class="button" aria-disabled={asking.value}
          onClick={() => void ask(node, { kind: "log_level", body })}
        >
          {text.logMore}
        </button>
      </div>
      <Asked commands={askedOf(node)} />
    </section>
  );
}

function Asked({ commands }: { commands: Command[] }) {
  return (
    <>
      {trouble.value && <p class="care-trouble" role="alert">{trouble.value}</p>}
      <ul class="care-list" aria-live="polite">
        {commands.slice(0, SHOWN).map((one) => <Line key={one.id} command={one} />)}
      </ul>
    </>
  );
}

function Line({ command }: { command: Command }) {
  const { care, locale } = words.value;
  const who = command.asked_by === "gridwatch" ? care.system : command.asked_by;
  const when = formatWhen(command.created_at, locale, now.value);
  const sha256 = command.answer?.["sha256"];
  const kinds: Readonly<Record<string, string | undefined>> = care.kinds;
  return (
    <li class={`care-${command.state}`}>
      <b>{outcome(command)}</b>
      <small>{care.asked(kinds[command.kind] ?? command.kind, who, when)}</small>
      {typeof sha256 === "string" && (
        <a href={`/api/v1/media/${sha256}`} target="_blank" rel="noreferrer" >{care.see}</a>
      )}
    </li>
  );
}

/** What became of it, in words: the verdict of a second look, the reason of a failure, else its state. */
function outcome(command: Command): string {
  const { care, locale } = words.value;
  const verdicts: Readonly<Record<string, string | undefined>> = care.verdicts;
  const verdict = verdicts[String(command.answer?.["verdict"])];
  if (command.state === "answered" && verdict) return verdict;
  const reason = command.answer?.["reason"];
  if (command.state === "failed" && typeof reason === "string") return `${care.states.failed}: ${sentence(reason, locale)}`;
  return care.states[command.state];
}
