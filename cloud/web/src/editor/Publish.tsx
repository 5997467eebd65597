import { useEffect } from "preact/hooks";
import { Refused } from "../api/calls";
import { words } from "../words";
import { sentence } from "../words/sentences";
import { Differences } from "./Differences";
import { faultSaid, placeSaid } from "./faulty";
import { askRunning, publish, refused, resolve, running, taking, working } from "./publishing";
import { answered, checked, dirty, draft, edited, revert } from "./state";
import { text } from "./words";

/** What would change, in words; and putting it in force. */
export function Publish() {
  const { publish: t } = text.value;
  const site = edited.value?.site;
  useEffect(() => {
    if (site) void askRunning(site.node).catch(noticed);
  }, [site?.node, site?.version]);
  if (!site) return null;
  const proposal = answered.value ? checked.value?.proposal : null;
  const conflict = [checked.value?.refused, refused.value].some((one) => one?.status === 412);
  return (
    <section class="editor-card publish" aria-labelledby="publish-title">
      <h3 id="publish-title">{t.title}</h3>
      <Standing />
      <div aria-live="polite">
        {conflict ? <Conflict /> : dirty.value ? <Verdict /> : <p class="note">{t.nothing}</p>}
      </div>
      {dirty.value && !conflict && (
        <p class="action-row">
          <button type="button" class="button primary" disabled={!proposal || working.value} onClick={() => void publish()}>
            {working.value ? t.working : t.go(proposal?.version ?? site.version + 1)}
          </button>
          <button type="button" class="button" onClick={revert}>{t.revert}</button>
        </p>
      )}
      <p class="note">{t.comments}</p>
    </section>
  );
}

/** It says nothing of the node then; the next time it does. */
function noticed(error: unknown): void {
  if (!(error instanceof Refused)) throw error;
}

/** Which version is in force, and whether the node goes by it. */
function Standing() {
  const { publish: t } = text.value;
  const site = edited.value?.site;
  const one = taking.value;
  const runs = running.value;
  if (!site) return null;
  const mine = one && one.node === site.node && one.version === site.version ? one : null;
  return (
    <ul class="standing" aria-live="polite">
      <li>{t.inForce(site.version)}</li>
      {mine?.state === "waits" && <li>{t.nodeWaits(mine.node)}</li>}
      {mine?.state === "has" && <li class="good">✓ {t.nodeHas(mine.node)}</li>}
      {mine?.state === "silent" && <li class="fault">{t.nodeSilent(mine.node)}</li>}
      {mine?.state === "says" && <li class="fault">{t.nodeSays(mine.node, sentence(mine.why, words.value.locale))}</li>}
      {!mine && runs?.node === site.node && runs.version && <li>{t.running(runs.version)}</li>}
      {runs?.node === site.node && runs.problem && <li class="fault">{sentence(runs.problem, words.value.locale)}</li>}
    </ul>
  );
}

function Verdict() {
  const { publish: t } = text.value;
  const one = checked.value;
  if (!answered.value || !one) return <p class="note">{t.checking}</p>;
  const no = one.refused ?? refused.value;
  if (no?.status === 422) {
    return (
      <>
        <p class="fault">{t.faults(no.faults.length)}</p>
        <ul class="faults">
          {no.faults.map((fault) => <li key={fault.pointer + fault.detail}>{placeSaid(fault.pointer, draft.value)} <i>{faultSaid(fault.detail)}</i></li>)}
        </ul>
      </>
    );
  }
  if (no) return <p class="fault" role="alert">{refusalSaid(no)}</p>;
  return (
    <>
      <h4>{t.changes}</h4>
      <Differences changes={one.proposal?.changes ?? []} />
    </>
  );
}

function refusalSaid(no: Refused): string {
  const { publish: t } = text.value;
  if (no.status === 0) return t.offline;
  if (no.status === 429) return t.limited;
  if (no.status === 403) return t.forbidden;
  return t.refusedAs(no.detail || no.code);
}

function Conflict() {
  const { publish: t } = text.value;
  const said = [refused.value, checked.value?.refused].find((one) => one?.status === 412)?.detail ?? "";
  const version = /version (\d+)/.exec(said)?.[1];
  return (
    <div class="conflict" role="alert">
      <p>{t.conflict(version ? ` (${version})` : "")}</p>
      <p class="action-row">
        <button type="button" class="button primary" onClick={() => void resolve(true)}>{t.keepMine}</button>
        <button type="button" class="button" onClick={() => void resolve(false)}>{t.takeTheirs}</button>
      </p>
    </div>
  );
}
