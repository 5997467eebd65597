import { useEffect, useState } from "preact/hooks";
import { queue, type QueueState } from "../api/triage";
import { useLoaded } from "../office/asking";
import { needPlaces } from "../office/places";
import { Fault, Sheet, Tabs } from "../office/Sheet";
import { text as shared } from "../office/words";
import { go, route } from "../state/route";
import { words } from "../words";
import { formatNumber } from "../words/format";
import "../look/triage.css";
import { ReportCard } from "./ReportCard";
import { text } from "./words";

const STATES: readonly QueueState[] = ["waiting", "accepted", "merged", "refused"];
const EVERY_MS = 20_000;

/** What was reported and waits for a decision, the oldest first; and what was decided. */
export function Triage() {
  useEffect(needPlaces, []);
  const state = STATES.find((one) => one === route.value.rest[0]) ?? "waiting";
  const [said, setSaid] = useState("");
  const found = useLoaded(() => queue(state), [state]);
  useEffect(() => {
    const timer = setInterval(found.again, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const { locale } = words.value;
  const items = found.value?.items ?? [];
  return (
    <Sheet
      name="triage" title={text.value.title}
      tools={
        <Tabs
          tabs={STATES.map((name) => ({
            name,
            title: name === "waiting" && found.value ? text.value.waiting(formatNumber(found.value.waiting, locale)) : text.value.states[name],
          }))}
          shown={state} label={text.value.title} onPick={(name) => go("triage", name)}
        />
      }
    >
      <p class="note good" role="status">{said}</p>
      <Fault refused={found.refused} again={found.again} />
      {!found.value && found.loading && <p class="nothing">{shared.value.loading}</p>}
      {found.value && items.length === 0 && <p class="nothing">{state === "waiting" ? text.value.none : text.value.noneDecided}</p>}
      <div class="cards">
        {items.map((one) => (
          <ReportCard key={one.id} report={one} onDone={(what) => { setSaid(`${text.value.done[what]} ${one.public_number}`); found.again(); }} onStale={found.again} />
        ))}
      </div>
    </Sheet>
  );
}
