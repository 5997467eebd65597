import { useRef, useState } from "preact/hooks";
import { deliveries, enableSubscription, subscribe, type Subscription, subscriptions, unsubscribe } from "../api/admin";
import { useDoing, useLoaded } from "../office/asking";
import { Fault } from "../office/Sheet";
import { text as shared } from "../office/words";
import { now } from "../state/clock";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { Secret } from "./Secret";
import { Sure } from "./Sure";
import { text } from "./words";

/** Other systems that are told what happens to cases. */
export function Hooks() {
  const found = useLoaded(subscriptions, []);
  const form = useRef<HTMLFormElement>(null);
  const doing = useDoing();
  const [secret, setSecret] = useState("");

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (!form.current) return;
    const fields = new FormData(form.current);
    const kinds = String(fields.get("kinds")).split(/\s+/).filter(Boolean);
    const made = await doing.run(async () => setSecret((await subscribe(String(fields.get("address")).trim(), kinds)).secret));
    if (made) form.current?.reset();
    found.again();
  }

  return (
    <>
      <form ref={form} class="form card" aria-label={text.value.newHook} onSubmit={(event) => void submit(event)}>
        <div class="narrow">
          <label class="wide-field"><span>{text.value.address}</span><input name="address" type="url" required /></label>
          <label><span>{text.value.kinds}</span><input name="kinds" required defaultValue="incident.*" /></label>
          <button type="submit" class="button primary" aria-disabled={doing.busy}>{text.value.newHook}</button>
        </div>
        <Fault refused={doing.refused} />
      </form>
      {secret && <Secret about={text.value.secretOnce} secret={secret} />}
      <Fault refused={found.refused} again={found.again} />
      {!found.value && found.loading && <p class="nothing">{shared.value.loading}</p>}
      {found.value?.length === 0 && <p class="nothing">{text.value.none}</p>}
      <div class="cards">{found.value?.map((one) => <Card key={one.id} one={one} onChange={found.again} />)}</div>
    </>
  );
}

function Card({ one, onChange }: { one: Subscription; onChange: () => void }) {
  const { locale } = words.value;
  const doing = useDoing();
  const sent = useLoaded(() => deliveries(one.id), [one.id]);
  const when = (at: string): string => formatWhen(at, locale, now.value);
  return (
    <section class="card" aria-label={one.address}>
      <header><h3 class="address">{one.address}</h3></header>
      <p class="note">{one.kinds.join(" ")} {one.areas.join(" ")}</p>
      {one.disabled_at && <p class="bad">▲ {text.value.disabled} {when(one.disabled_at)} {one.disabled_why}</p>}
      {!one.disabled_at && one.failing_since && <p class="bad">▲ {text.value.failing(when(one.failing_since))}</p>}
      <div class="row-tools">
        {one.disabled_at && <button type="button" class="button" aria-disabled={doing.busy} onClick={() => void doing.run(() => enableSubscription(one.id)).then(onChange)}>{text.value.enable}</button>}
        <Sure title={text.value.remove} busy={doing.busy} onSure={() => void doing.run(() => unsubscribe(one.id)).then(onChange)} />
      </div>
      <Fault refused={doing.refused ?? sent.refused} />
      <h4>{text.value.deliveries}</h4>
      {sent.value?.length === 0 && <p class="note">{text.value.none}</p>}
      <ul class="lines">
        {sent.value?.map((each) => (
          <li key={each.seq}>
            {when(each.since)} {each.kind} <b class={each.state === "failed" ? "bad" : ""}>{text.value.deliveryStates[each.state]}</b> <small>{each.status} {each.answer}</small>
          </li>
        ))}
      </ul>
    </section>
  );
}
