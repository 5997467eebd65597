import { useSignal } from "@preact/signals";
import { why } from "../case/why";
import { ActForm, type Asked } from "./ActForm";
import { type Offer, offers } from "./choose";
import { position } from "./duty";
import { me } from "./me";
import { projected } from "./queue";
import { aboutOf, actNamed, itemNamed } from "./say";
import { act, mine } from "./sender";
import type { KeptCase } from "./store";
import { text } from "./words";

/** What to press: the next step in the thumb's reach, the rest behind it, and why what is not there is not. */
export function Do({ one }: { one: KeptCase }) {
  const asked = useSignal<Asked | null>(null);
  const more = useSignal(false);
  const { incident, choices } = one;
  const { acts, task } = text.value;
  const waits = mine.value.filter((item) => item.caseId === one.id);
  const after = projected(incident.state, one.id, waits);
  const fresh = choices?.version === incident.version ? choices.items : null;
  const all = offers(fresh, incident.allowed_actions, incident.state, after);
  const can = all.filter((one) => one.allowed);
  const held = incident.handler === me.value?.username;
  const said = after.done.has("received") || one.log.some((line) => line.action === "received" && line.actor.name === me.value?.username);
  const base = {
    caseId: one.id, about: aboutOf(one), base: incident.version,
    place: position.value && { lon: position.value.lon, lat: position.value.lat },
  };

  function press(offer: Offer): void {
    if (offer.reason || offer.takesPhotos) asked.value = { step: offer };
    else void act({ ...base, act: { kind: "step", action: offer.step, reason: null } });
  }

  if (asked.value) return <ActForm one={one} asked={asked.value} onDone={() => (asked.value = null)} />;
  const receivable = held && after.state === "dispatched" && !said;
  const [first, ...rest] = can;
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
