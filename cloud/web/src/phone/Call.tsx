import { useEffect, useRef } from "preact/hooks";
import { go } from "../state/route";
import { now } from "../state/clock";
import { known } from "./cases";
import { type Call as Calling, endCall } from "./live";
import { aboutOf, dueNamed, placeOf, titleOf } from "./say";
import { act } from "./sender";
import { dueOf } from "./tasks";
import { useBlobUrl } from "./useBlobUrl";
import { position } from "./duty";
import { SeverityMark } from "../wall/SeverityMark";
import { audible, startRinging } from "./tone";
import { named } from "../words";
import { text } from "./words";

/** A new task over everything, with tone and vibration, until somebody says that they have it. */
export function Call({ call }: { call: Calling }) {
  const frame = useRef<HTMLDivElement>(null);
  const one = known.value.get(call.caseId);
  const url = useBlobUrl(one?.picture ?? null);
  const words = text.value.call;
  useEffect(() => {
    const before = document.activeElement;
    frame.current?.querySelector<HTMLElement>("button")?.focus();
    const stop = startRinging();
    return () => {
      stop();
      if (before instanceof HTMLElement) before.focus();
    };
  }, [call.key]);
  if (!one) return null;
  const { incident } = one;

  async function received(): Promise<void> {
    if (!one) return;
    const base = { caseId: one.id, about: aboutOf(one), base: incident.version, place: position.value && { lon: position.value.lon, lat: position.value.lat } };
    const claims = incident.handler === null && (incident.state === "dispatched" || incident.state === "in_progress");
    await act({ ...base, act: claims
      ? { kind: "step", action: "claim", reason: null }
      : { kind: "note", note: "received", words: text.value.acts.received } });
    await endCall();
    go("task", call.caseId);
  }

  return (
    <div class="call" role="alertdialog" aria-modal="true" aria-labelledby="call-title" aria-describedby="call-what" ref={frame}>
      <p id="call-title" class="call-title">{call.support ? words.support : words.title}</p>
      {url && <img src={url} alt="" />}
      <div id="call-what" class="call-what">
        {call.support && <p class="call-place">{named(call.support)}</p>}
        <p class="call-class"><SeverityMark severity={incident.severity} /> {titleOf(one)}</p>
        <p class="call-place">{placeOf(one)}</p>
        <p>{dueNamed(dueOf(one.clocks), now.value)}</p>
        {incident.description && <p>{incident.description}</p>}
        {!audible.value && <p class="note">{words.silent}</p>}
      </div>
      <button type="button" class="button primary huge" onClick={() => void received()}>{words.received}</button>
      <button type="button" class="button big" onClick={() => void endCall()}>{words.later}</button>
    </div>
  );
}
