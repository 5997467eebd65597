import { ACTIONS, type Action, type Incident } from "../api/types";
import { asking, begin, inFlight, outcomes } from "../state/actions";
import { words } from "../words";
import { ReasonForm } from "./ReasonForm";

/** These lead on, the others out or back. */
const FORWARD: ReadonlySet<Action> = new Set([
  "accept", "file", "dispatch", "claim", "start", "resolve", "check", "close", "rate", "resume", "reopen",
]);
const KEYS: Partial<Record<Action, string>> = { accept: "A", false_alarm: "F", dispatch: "D", close: "C" };

/** What may be done now, as the cloud says. */
export function Actions({ incident }: { incident: Incident }) {
  const text = words.value;
  const allowed = ACTIONS.filter((action) => incident.allowed_actions.includes(action));
  const first = allowed.find((action) => FORWARD.has(action));
  const said = outcomes.value.get(incident.id);
  const question = asking.value && allowed.includes(asking.value) ? asking.value : null;
  return (
    <section class="actions" aria-label={text.act.title} aria-busy={inFlight.value.has(incident.id)}>
      {question ? (
        <ReasonForm key={`${incident.id} ${question}`} incident={incident} action={question} />
      ) : (
        <div class="action-row">
          {allowed.length === 0 && <p class="note">{text.act.none}</p>}
          {allowed.filter((action) => FORWARD.has(action)).map((action) => (
            <ActionButton key={action} incident={incident} action={action} look={action === first ? "primary" : ""} />
          ))}
          <span class="gap" />
          {allowed.filter((action) => !FORWARD.has(action)).map((action) => (
            <ActionButton key={action} incident={incident} action={action} look="aside" />
          ))}
        </div>
      )}
      <p class={said?.good ? "outcome good" : "outcome"} role="status">{said?.text}</p>
    </section>
  );
}

function ActionButton({ incident, action, look }: { incident: Incident; action: Action; look: string }) {
  const { act, actions } = words.value;
  const key = KEYS[action];
  const onItsWay = inFlight.value.get(incident.id);
  return (
    <button
      type="button"
      class={`button ${look}`}
      disabled={onItsWay !== undefined}
      aria-keyshortcuts={key}
      onClick={() => begin(incident, action)}
    >
      {onItsWay === action ? act.working : actions[action]}
      {key && <kbd aria-hidden="true">{key}</kbd>}
    </button>
  );
}
