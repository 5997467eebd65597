import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { why } from "../case/why";
import { ActForm, type Asked, type Begun } from "./ActForm";
import { FORWARD, type Offer, offers } from "./choose";
import { position } from "./duty";
import { me } from "./me";
import { projected } from "./queue";
import { aboutOf, actNamed, itemNamed } from "./say";
import { act, mine } from "./sender";
import { draft, type KeptCase } from "./store";
import { isConfirmed } from "./tasks";
import { text } from "./words";

/** What to press: the next step in the thumb's reach, the rest behind it, and why what is not there is not. */
export function Do({ one }: { one: KeptCase }) {
  const asked = useSignal<Asked | null>(null);
  const begun = useSignal<Begun>(null);
  const more = useSignal(false);
  const { incident, choices } = one;
  const { acts, task } = text.value;
  const waits = mine.value.filter((item) => item.caseId === one.id);
  const after = projected(incident.state, one.id, waits);
  const fresh = choices?.version === incident.version ? choices.items : null;
  const all = offers(fresh, incident.allowed_actions, incident.state, after);
  const can = all.filter((offer) => offer.allowed && !(offer.step === "confirm" && isConfirmed(one.log)));
  const held = incident.handler === me.value?.username;
  const said = after.done.has("received") || one.log.some((line) => line.action === "received" && line.actor.name === me.value?.username);
  const base = {
    caseId: one.id, about: aboutOf(one), base: incident.version,
    place: position.value && { lon: position.value.lon, lat: position.value.lat },
  };

  useEffect(() => void draft(one.id).then((kept) => (begun.value = kept)), [one.id]);

  function done(): void {
    asked.value = begun.value = null;
  }

  function press(offer: Offer): void {
    if (offer.asks) asked.value = { step: offer };
    else void act({ ...base, act: { kind: "step", action: offer.step, reason: null } });
  }

  const form = asked.value ?? (begun.value && formOf(begun.value.name, can));
  if (form) return <ActForm one={one} asked={form} begun={begun.value} onDone={done} />;
  const receivable = held && after.state === "dispatched" && !said;
  const first = can.find((offer) => FORWARD.has(offer.step));
  const rest = can.filter((offer) => offer !== first);
  return (
    <>
      <Cannot all={all.filter((one) => !one.allowed && one.whyNot !== null)} />
      <div class="do">
        {waits.map((item) => (
          <p key={item.key} class="note waits"><a href="#/queue">{task.queued(itemNamed(item))}</a></p>
        ))}
        {more.value && (
          <div class="do-more">
            {rest.map((offer) => <Press key={offer.step} name={actNamed(offer.step)} onPress={() => press(offer)} />)}
            <Press name={acts.note} onPress={() => (asked.value = { note: "note" })} />
            <Press name={acts.visit} onPress={() => (asked.value = { note: "visit" })} />
          </div>
        )}
        <div class="do-first">
          {receivable && (
            <button type="button" class="button primary big" onClick={() => void act({ ...base, act: { kind: "note", note: "received", words: acts.received } })}>
              {acts.received}
            </button>
          )}
          {first && (
            <button type="button" class={`button big${receivable ? "" : " primary"}`} onClick={() => press(first)}>{actNamed(first.step)}</button>
          )}
          {!first && !receivable && <p class="note">{acts.none}</p>}
        </div>
        <div class="row">
          <Press name={acts.support} onPress={() => (asked.value = { note: "support" })} />
          <button type="button" class="button" aria-expanded={more.value} onClick={() => (more.value = !more.value)}>
            {more.value ? acts.less : acts.more}
          </button>
        </div>
      </div>
    </>
  );
}

/** The form that was begun; what may not be done any more is a note, so that its words and photos are not lost. */
function formOf(name: string, can: readonly Offer[]): Asked {
  const step = can.find((offer) => offer.step === name);
  if (step) return { step };
  return { note: name === "visit" || name === "support" ? name : "note" };
}

function Press({ name, onPress }: { name: string; onPress(): void }) {
  return <button type="button" class="button" onClick={onPress}>{name}</button>;
}

function Cannot({ all }: { all: readonly Offer[] }) {
  if (all.length === 0) return null;
  return (
    <details>
      <summary>{text.value.task.cannot}</summary>
      <dl class="cannot">
        {all.map((one) => (
          <div key={one.step}><dt>{actNamed(one.step)}</dt><dd>{why(one.whyNot ?? "")}</dd></div>
        ))}
      </dl>
    </details>
  );
}
