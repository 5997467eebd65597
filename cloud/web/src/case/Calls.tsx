import { answerCall, rateCall, type Answer, type Call, type CallClock } from "../api/case";
import { now } from "../state/clock";
import { organisationNamed } from "../state/organisations";
import { personNamed } from "../state/people";
import { hasRole, session } from "../state/session";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { act, busy, form, outcome } from "./act";
import { Left } from "./Clocks";
import { Form, refuse } from "./Form";
import { Light } from "./Light";
import { text } from "./words";

/** Departments that were called: their clocks, what they said, and what whoever looks may say now. */
export function Calls({ calls }: { calls: readonly Call[] | null }) {
  const say = text.value;
  return (
    <section class="case-calls" aria-labelledby="calls-title">
      <h3 id="calls-title">{say.calls}</h3>
      {!calls ? (
        <p class="note">{say.partFailed}</p>
      ) : calls.length === 0 ? (
        <p class="note">{say.noCalls}</p>
      ) : (
        <ul>{calls.map((call) => <li key={call.id}><OneCall call={call} /></li>)}</ul>
      )}
    </section>
  );
}

function OneCall({ call }: { call: Call }) {
  const say = text.value;
  const { locale } = words.value;
  const when = (iso: string): string => formatWhen(iso, locale, now.value);
  const asked = form.value?.startsWith(`${call.id} `) ? form.value.split(" ")[1] : undefined;
  return (
    <>
      <p class="call-head">
        <b>{organisationNamed(call.organisation)}</b> <span class="chip">{say.callStates[call.state]}</span>
        <small>{personNamed(call.called_by)} {when(call.called_at)} · {call.reason}</small>
      </p>
      <dl class="call-clocks">
        <Clock name={say.checkIn} clock={call.check_in} done={call.checked_in_at} waits={call.state === "called"} />
        <Clock
          name={say.report} clock={call.report} done={call.state === "reported" ? call.ended_at : null}
          waits={call.state === "called" || call.state === "checked_in"}
        />
      </dl>
      {call.words && <p class="note">{say.said(call.words)}</p>}
      {call.rating && <p class="note">{words.value.timeline.stars(call.rating.score)} · {say.said(call.rating.words)}</p>}
      {asked === "rate" ? (
        <Rate call={call} />
      ) : asked ? (
        <Say call={call} answer={asked as Answer} />
      ) : (
        <div class="action-row">
          {sayable(call).map((answer) => (
            <button key={answer} type="button" class="button" disabled={busy.value} onClick={() => begin(call, answer)}>
              {answer === "rate" ? say.rate : say.answers[answer]}
            </button>
          ))}
        </div>
      )}
    </>
  );
}

/** What whoever looks may say of it: a department of its own calls, the others what is theirs. */
function sayable(call: Call): (Answer | "rate")[] {
  const own = hasRole("department") && session.value?.user.organisation === call.organisation;
  const calls = hasRole("leader", "street", "community");
  const found: (Answer | "rate")[] = call.allowed_answers.filter((answer) => (answer === "withdraw" ? calls : own));
  if (hasRole("community") && call.state === "reported" && !call.rating) found.push("rate");
  return found;
}

function begin(call: Call, answer: Answer | "rate"): void {
  outcome.value = null;
  if (answer === "check_in") void act(text.value.answers[answer] ?? answer, () => answerCall(call, answer, ""));
  else form.value = `${call.id} ${answer}`;
}

function Clock({ name, clock, done, waits }: { name: string; clock: CallClock; done: string | null; waits: boolean }) {
  const say = text.value;
  const { locale } = words.value;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <Light light={clock.light} />{" "}
        {done ? (
          <>{formatWhen(done, locale, now.value)} {clock.late ? say.late : say.inTime}</>
        ) : waits && clock.due_at ? (
          <>{say.due(formatWhen(clock.due_at, locale, now.value))} <Left due={clock.due_at} /></>
        ) : (
          say.stopped
        )}
      </dd>
    </div>
  );
}

function Say({ call, answer }: { call: Call; answer: Answer }) {
  const say = text.value;
  const what = say.answers[answer] ?? answer;
  function submit(fields: FormData): void {
    const said = String(fields.get("words") ?? "").trim();
    if (!said) refuse(say.missing(say.fields["words"] ?? ""));
    else void act(what, () => answerCall(call, answer, said));
  }
  return (
    <Form title={what} onSubmit={submit}>
      <label class="case-field"><span>{say.fields["words"]}</span><textarea name="words" rows={2} maxLength={500} /></label>
    </Form>
  );
}

function Rate({ call }: { call: Call }) {
  const say = text.value;
  function submit(fields: FormData): void {
    const said = String(fields.get("words") ?? "").trim();
    const score = Number(fields.get("score"));
    if (!score) refuse(say.missing(say.fields["stars"] ?? ""));
    else if (!said) refuse(say.missing(say.fields["words"] ?? ""));
    else void act(say.rate, () => rateCall(call, score, said));
  }
  return (
    <Form title={say.rate} onSubmit={submit}>
      <fieldset class="case-field stars">
        <legend>{say.fields["stars"]}</legend>
        {[1, 2, 3, 4, 5].map((n) => (
          <label key={n} class="choice"><input type="radio" name="score" value={n} /> {say.star(String(n))}</label>
        ))}
      </fieldset>
      <label class="case-field"><span>{say.fields["words"]}</span><textarea name="words" rows={2} maxLength={500} /></label>
    </Form>
  );
}
