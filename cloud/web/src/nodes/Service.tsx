import { useState } from "preact/hooks";
import { putBack, service, takeOut } from "../api/devices";
import type { NodeDevice } from "../api/types";
import { useDoing } from "../office/asking";
import { Fault } from "../office/Sheet";
import { text as shared } from "../office/words";
import { now } from "../state/clock";
import { named, words } from "../words";
import { out, reload } from "./extras";
import { text } from "./words";

const USUAL_MS = 4 * 3_600_000;

/** Take a device out of service with a reason and an end, or put it back. */
export function Service({ device, onDone }: { device: NodeDevice; onDone: () => void }) {
  const seen = out.value.get(device.id);
  return seen?.out ? <Back device={device} onDone={onDone} /> : <Out device={device} onDone={onDone} />;
}

function Back({ device, onDone }: { device: NodeDevice; onDone: () => void }) {
  const doing = useDoing();
  const seen = out.value.get(device.id);
  async function put(): Promise<void> {
    if (!seen) return;
    if (await doing.run(() => putBack(seen))) onDone();
    await doing.run(reload);
  }
  return (
    <div class="row-tools">
      <button type="button" class="button primary" aria-disabled={doing.busy} onClick={() => void put()}>{text.value.back}</button>
      <button type="button" class="button" onClick={onDone}>{shared.value.cancel}</button>
      <Fault refused={doing.refused} />
    </div>
  );
}

function Out({ device, onDone }: { device: NodeDevice; onDone: () => void }) {
  const doing = useDoing();
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState(localOf(new Date(now.peek() + USUAL_MS)));
  const [fault, setFault] = useState("");
  const words_ = text.value;
  const name = device.kind === "broker" ? words.value.nodes.broker : named(device.name);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const end = new Date(until);
    const wrong = !reason.trim() ? words_.reasonNeeded : !(end.getTime() > now.peek()) ? words_.untilNeeded : "";
    setFault(wrong);
    if (wrong) return;
    if (await doing.run(async () => takeOut(await service(device.id), reason.trim(), end))) {
      onDone();
      await doing.run(reload);
    }
  }

  return (
    <form class="form" aria-label={words_.outTitle(name)} onSubmit={(event) => void submit(event)}>
      <p class="note">{words_.outWhat}</p>
      <div class="narrow">
        <label>
          <span>{words_.reason}</span>
          <input name="reason" list="out-reasons" maxLength={500} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        <datalist id="out-reasons">{words_.reasons.map((one) => <option key={one} value={one} />)}</datalist>
        <label>
          <span>{words_.until}</span>
          <input name="until" type="datetime-local" value={until} onInput={(event) => setUntil(event.currentTarget.value)} />
        </label>
        <button type="submit" class="button primary" aria-disabled={doing.busy}>{doing.busy ? shared.value.working : words_.confirm}</button>
        <button type="button" class="button" onClick={onDone}>{shared.value.cancel}</button>
      </div>
      {fault && <p class="fault" role="alert">{fault}</p>}
      <Fault refused={doing.refused} />
    </form>
  );
}

/** A moment as an `<input type="datetime-local">` takes it. */
function localOf(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
