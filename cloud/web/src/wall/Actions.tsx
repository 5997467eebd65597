import { useEffect } from "preact/hooks";
import "../look/judge.css";
import { ACTIONS, type Action, type Incident } from "../api/types";
import { asking, inFlight, outcomes } from "../state/actions";
import { about, acknowledgeChosen, ask, beginAll, form, judgeAs } from "../state/desk";
import { targets } from "../state/incidents";
import { keys } from "../state/keymap";
import { isWaiting } from "../state/order";
import { prefillOf } from "../state/prefill";
import { hasRole } from "../state/session";
import { isCalling } from "../sound/ringing";
import { words } from "../words";
import { formatNumber } from "../words/format";
import { chordName, type Command } from "./commands";
import { DispatchForm } from "./DispatchForm";
import { ClassForm, FalseForm } from "./JudgeForms";
import { ReasonForm } from "./ReasonForm";
import { ShelveForm } from "./ShelveForm";
import { WhistleForm } from "./WhistleForm";
import { text as desk } from "./words";

/** These lead on, the others out or back. */
const FORWARD: ReadonlySet<Action> = new Set([
  "accept", "file", "dispatch", "claim", "start", "resolve", "check", "close", "rate", "resume", "reopen",
]);
const KEYS: Partial<Record<Action, Command>> = { accept: "accept", false_alarm: "false_alarm", dispatch: "dispatch", close: "close" };

/** Judging, then what may be done now, as the cloud says. */
export function Actions({ incident }: { incident: Incident }) {
  const text = words.value;
  const waits = isWaiting(incident);
  const allowed = ACTIONS.filter((action) => incident.allowed_actions.includes(action));
  const leads = waits && allowed.length > 0;
  // What rules say of whom it goes to is here before somebody asks for it.
  useEffect(() => {
    if (leads) void prefillOf(incident);
  }, [incident.id, leads]);
  const said = outcomes.value.get(incident.id);
  // One of the four answers is "false": no second button beside them.
  const judged = waits && incident.alarms.length > 0 && hasRole("operator", "leader");
  const question = asking.value && allowed.includes(asking.value) ? asking.value : null;
  const many = (form.value || question ? about.value : targets.value).length;
  return (
    <section class="actions" aria-label={text.act.title} aria-busy={inFlight.value.has(incident.id)}>
      {many > 1 && <p class="many">{desk.value.many(formatNumber(many, text.locale))}</p>}
      {form.value ? (
        <Asked key={`${incident.id} ${form.value}`} incident={incident} />
      ) : question ? (
        <ReasonForm key={`${incident.id} ${question}`} incident={incident} action={question} />
      ) : (
        <>
          {judged && <Judge incident={incident} />}
          <Steps incident={incident} allowed={judged ? allowed.filter((action) => action !== "false_alarm") : allowed} />
        </>
      )}
      <p class={said?.good ? "outcome good" : "outcome"} role="status">{said?.text}</p>
    </section>
  );
}

function Asked({ incident }: { incident: Incident }) {
  switch (form.value) {
    case "false": return <FalseForm incident={incident} />;
    case "other_class": return <ClassForm incident={incident} />;
    case "dispatch": return <DispatchForm incident={incident} />;
    case "whistle": return <WhistleForm incident={incident} />;
    case "shelve": return <ShelveForm incident={incident} />;
    default: return null;
  }
}

/** The four answers. */
function Judge({ incident }: { incident: Incident }) {
  const text = desk.value.judge;
  const verdict = incident.alarms[0]?.verdict;
  const answers = [
    ["true", "judge_true", () => void judgeAs(targets.value, { verdict: "true" })],
    ["false", "judge_false", () => ask("false")],
    ["other_class", "judge_other", () => ask("other_class")],
    ["unsure", "judge_unsure", () => void judgeAs(targets.value, { verdict: "unsure" })],
  ] as const;
  return (
    <div class="judge" role="group" aria-label={text.title}>
      {answers.map(([word, command, act]) => (
        <button
          key={word} type="button" class={`button answer answer-${word}`} aria-pressed={verdict === word}
          aria-keyshortcuts={chordName(keys.value[command])} disabled={inFlight.value.has(incident.id)} onClick={act}
        >
          <kbd aria-hidden="true">{chordName(keys.value[command])}</kbd> {text[word]}
        </button>
      ))}
    </div>
  );
}

function Steps({ incident, allowed }: { incident: Incident; allowed: readonly Action[] }) {
  const text = words.value;
  const { more } = desk.value;
  const first = allowed.find((action) => FORWARD.has(action));
  const room = hasRole("operator", "leader");
  const busy = inFlight.value.has(incident.id);
  return (
    <div class="action-row">
      {allowed.length === 0 && <p class="note">{text.act.none}</p>}
      {allowed.filter((action) => FORWARD.has(action)).map((action) => (
        <ActionButton key={action} incident={incident} action={action} look={action === first ? "primary" : ""} />
      ))}
      {room && isCalling(incident) && (
        <button type="button" class="button" disabled={busy} onClick={() => void acknowledgeChosen()}>
          {more.acknowledge} <kbd aria-hidden="true">{chordName(keys.value.acknowledge)}</kbd>
        </button>
      )}
      {hasRole("leader", "street", "community") && !isWaiting(incident) && first && (
        <button type="button" class="button" disabled={busy} onClick={() => ask("whistle")}>
          {more.whistle} <kbd aria-hidden="true">{chordName(keys.value.whistle)}</kbd>
        </button>
      )}
      <span class="gap" />
      {room && incident.alarms.some((one) => one.state.active) && (
        <button type="button" class="button aside" disabled={busy} onClick={() => ask("shelve")}>
          {more.shelve} <kbd aria-hidden="true">{chordName(keys.value.shelve)}</kbd>
        </button>
      )}
      {allowed.filter((action) => !FORWARD.has(action)).map((action) => (
        <ActionButton key={action} incident={incident} action={action} look="aside" />
      ))}
    </div>
  );
}

function ActionButton({ incident, action, look }: { incident: Incident; action: Action; look: string }) {
  const { act, actions } = words.value;
  const command = KEYS[action];
  const key = command && chordName(keys.value[command]);
  const onItsWay = inFlight.value.get(incident.id);
  return (
    <button
      type="button"
      class={`button ${look}`}
      disabled={onItsWay !== undefined}
      aria-keyshortcuts={key}
      onClick={() => (action === "dispatch" ? ask("dispatch") : action === "false_alarm" ? ask("false") : beginAll(action))}
    >
      {onItsWay === action ? act.working : actions[action]}
      {key && <kbd aria-hidden="true">{key}</kbd>}
    </button>
  );
}
