import { useEffect } from "preact/hooks";
import { sops as fetchSops } from "../api/desk";
import type { Incident } from "../api/types";
import { once } from "../state/once";
import { isWaiting } from "../state/order";
import { classOf } from "../state/prefill";
import { named } from "../words";
import { text as desk } from "./words";

const sops = once(fetchSops);

/** What is done about such a thing, as the site's own steps say. */
export function Sop({ incident }: { incident: Incident }) {
  useEffect(sops.ask, []);
  const sop = sops.value.find((one) => one.event_class === classOf(incident));
  if (!sop) return null;
  return (
    <details class="sop" open={isWaiting(incident)}>
      <summary>{desk.value.sop}</summary>
      {sop.careful && <p class="sop-careful">{named(sop.careful)}</p>}
      <ol>{sop.steps.map((step) => <li key={step.zh}>{named(step)}</li>)}</ol>
    </details>
  );
}
