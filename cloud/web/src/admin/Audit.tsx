import { useState } from "preact/hooks";
import { type Proof, verifyAudit } from "../api/admin";
import { useDoing } from "../office/asking";
import { Fault } from "../office/Sheet";
import { text as shared } from "../office/words";
import { addressOf } from "../state/route";
import { words } from "../words";
import { formatNumber } from "../words/format";
import { text } from "./words";

/** Proof that no log was changed. */
export function Audit() {
  const doing = useDoing();
  const [proof, setProof] = useState<Proof | null>(null);
  const { locale } = words.value;
  const count = (value: number): string => formatNumber(value, locale);
  return (
    <section class="card" aria-label={text.value.parts.audit}>
      <p>{text.value.audit}</p>
      <div class="row-tools">
        <button type="button" class="button primary" aria-disabled={doing.busy} onClick={() => void doing.run(async () => setProof(await verifyAudit()))}>
          {doing.busy ? shared.value.working : text.value.verify}
        </button>
      </div>
      <Fault refused={doing.refused} />
      <div role="status">
        {proof?.intact && <p class="good">● {text.value.intact(count(proof.cases), count(proof.lines), count(proof.anchors))}</p>}
        {proof && !proof.intact && <p class="bad">▲ {text.value.broken}</p>}
      </div>
      {proof && !proof.intact && (
        <ul class="lines">
          {proof.faults.map((one, at) => <li key={at}>{one.said} {one.incident_id && <a href={addressOf("case", one.incident_id)}>{one.incident_id}</a>}</li>)}
        </ul>
      )}
      {proof?.digest && <p class="note">{text.value.digest}<br /><code class="digest">{proof.digest}</code></p>}
    </section>
  );
}
