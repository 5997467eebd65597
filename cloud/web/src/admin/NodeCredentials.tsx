import { useState } from "preact/hooks";
import { credentials, enrolmentCode, revokeNode } from "../api/admin";
import type { NodeState } from "../api/types";
import { useDoing, useLoaded } from "../office/asking";
import { Fault } from "../office/Sheet";
import { text as shared } from "../office/words";
import { now } from "../state/clock";
import { nodes } from "../state/places";
import { named, words } from "../words";
import { formatWhen } from "../words/format";
import { Secret } from "./Secret";
import { Sure } from "./Sure";
import { text } from "./words";

/** Who each node is to the cloud: enrol it, shut it out, and what was done before. */
export function NodeCredentials() {
  return <div class="cards">{nodes.value.map((one) => <Card key={one.id} node={one} />)}</div>;
}

function Card({ node }: { node: NodeState }) {
  const found = useLoaded(() => credentials(node.id), [node.id]);
  const doing = useDoing();
  const [code, setCode] = useState<{ code: string; expires_at: string } | null>(null);
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const { statuses, locale } = words.value;
  const when = (at: string): string => formatWhen(at, locale, now.value);

  async function revoke(): Promise<void> {
    setMissing(!reason.trim());
    if (!reason.trim()) return;
    if (await doing.run(() => revokeNode(node.id, reason.trim()))) setReason("");
    found.again();
  }

  async function make(): Promise<void> {
    await doing.run(async () => setCode(await enrolmentCode(node.id)));
    found.again();
  }

  return (
    <section class="card" aria-labelledby={`credentials-${node.id}`}>
      <header><h3 id={`credentials-${node.id}`}>{named(node.name)} <small>{node.id}</small></h3><b class={`rung rung-${node.status}`}>{statuses[node.status]}</b></header>
      <div class="narrow">
        <button type="button" class="button" aria-disabled={doing.busy} onClick={() => void make()}>{text.value.code}</button>
        <label><span>{text.value.reason}</span><input value={reason} maxLength={500} onInput={(event) => setReason(event.currentTarget.value)} /></label>
        <Sure title={text.value.revoke} busy={doing.busy} onSure={() => void revoke()} />
      </div>
      {missing && <p class="fault" role="alert">{text.value.reasonNeeded}</p>}
      {code && <Secret about={text.value.codeOnce(node.id, when(code.expires_at))} secret={code.code} />}
      <Fault refused={doing.refused ?? found.refused} />
      {!found.value && found.loading && <p class="note">{shared.value.loading}</p>}
      {found.value && (
        <>
          <h4>{text.value.nodeHistory}</h4>
          <ul class="lines">
            {found.value.credentials.map((one) => (
              <li key={one.made_at}>
                {when(one.made_at)} <small>{one.origin}</small>{" "}
                {one.revoked ? <span class="bad">▲ {text.value.revoked}</span> : one.ends_at ? text.value.ended : one.confirmed ? <span class="good">● {text.value.confirmed}</span> : text.value.offered}
              </li>
            ))}
          </ul>
          <h4>{text.value.nodeEvents}</h4>
          <ul class="lines">
            {found.value.events.slice(0, 8).map((one, at) => <li key={at}>{when(one.at)} {one.actor_name} <b>{one.action}</b> <small>{one.detail}</small></li>)}
          </ul>
        </>
      )}
    </section>
  );
}
