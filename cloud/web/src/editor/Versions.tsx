import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { changesBackTo, goBackTo, type Proposal, type SiteChange, siteChanges } from "../api/editor";
import { Refused } from "../api/calls";
import { now } from "../state/clock";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { Differences } from "./Differences";
import { text } from "./words";

/** Who brought which version of the site, and the way back to one. */
export function Versions() {
  const { versions: t } = text.value;
  const all = useSignal<readonly SiteChange[] | null>(null);
  const failed = useSignal(false);
  const done = useSignal(0);
  const load = async (): Promise<void> => {
    failed.value = false;
    try {
      all.value = await siteChanges();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      failed.value = true;
    }
  };
  useEffect(() => void load(), []);
  const newest = all.value?.[0]?.version ?? 0;
  return (
    <section class="editor-card versions" aria-labelledby="versions-title">
      <h3 id="versions-title">{t.title}</h3>
      {failed.value && <p class="fault" role="alert">{text.value.loadFailed}</p>}
      <p aria-live="polite" class="good">{done.value > 0 && t.done(done.value)}</p>
      <ol>
        {(all.value ?? []).map((one) => (
          <Version key={`${one.version} ${one.at}`} one={one} newest={newest} onBack={(version) => {
            done.value = version;
            void load();
          }} />
        ))}
      </ol>
    </section>
  );
}

function Version({ one, newest, onBack }: { one: SiteChange; newest: number; onBack: (version: number) => void }) {
  const { versions: t } = text.value;
  const proposal = useSignal<Proposal | null>(null);
  const refused = useSignal("");
  const working = useSignal(false);

  async function ask(what: () => Promise<void>): Promise<void> {
    refused.value = "";
    working.value = true;
    try {
      await what();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refused.value = error.status === 404 ? t.noText : error.status === 412 ? text.value.publish.conflict("") : text.value.publish.refusedAs(error.detail || error.code);
    } finally {
      working.value = false;
    }
  }

  return (
    <li>
      <p>
        <b>{one.version}</b> <span>{formatWhen(one.at, words.value.locale, now.value)}</span>{" "}
        <span>{one.actor_kind === "user" ? t.by(one.actor_name) : t.byFile}</span>
        {one.version === newest && <em>{t.inForce}</em>}
      </p>
      {one.version !== newest && !proposal.value && (
        <button type="button" class="button" disabled={working.value} onClick={() => void ask(async () => void (proposal.value = await changesBackTo(one.version)))}>{t.look}</button>
      )}
      {refused.value && <p class="fault" role="alert">{refused.value}</p>}
      {proposal.value && (
        <div>
          {proposal.value.changes.length === 0 ? <p class="note">{t.same}</p> : <Differences changes={proposal.value.changes} />}
          {proposal.value.changes.length > 0 && (
            <p class="action-row">
              <button type="button" class="button primary" disabled={working.value} onClick={() => void ask(async () => onBack((await goBackTo(one.version, newest)).version))}>
                {t.back(one.version)}
              </button>
              <small>{t.backWhy}</small>
            </p>
          )}
        </div>
      )}
    </li>
  );
}
