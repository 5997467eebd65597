import { useEffect, useState } from "preact/hooks";
import { Refused } from "../api/calls";
import { type Document, policy, type PolicyInForce, policyVersion, policyVersions, putPolicy } from "../api/admin";
import { useDoing, useLoaded } from "../office/asking";
import { Fault } from "../office/Sheet";
import { text as shared } from "../office/words";
import { now } from "../state/clock";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { diff } from "./diff";
import { lineAt, linesOf } from "./jsonLines";
import { text } from "./words";

const written = (document: Document): string => JSON.stringify(document, null, 2);

/** A policy as JSON: checked by the cloud before it is put, each fault at its line, and what differs. */
export function PolicyEditor({ kind }: { kind: string }) {
  const found = useLoaded(() => orNone(kind), []);
  if (found.refused) return <Fault refused={found.refused} again={found.again} />;
  if (!found.value) return <p class="nothing">{shared.value.loading}</p>;
  return <Editor key={found.value.version} kind={kind} inForce={found.value} onPut={found.again} />;
}

type InForce = Pick<PolicyInForce, "version" | "document" | "doubts" | "waiting">;

/** The version in force; of a kind that never had one, an empty document at version 0. */
async function orNone(kind: string): Promise<InForce> {
  try {
    return await policy(kind);
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 404) throw error;
    return { version: 0, document: {}, doubts: [], waiting: null };
  }
}

type Wrong = { line: number; said: string };

function Editor({ kind, inForce, onPut }: { kind: string; inForce: InForce; onPut: () => void }) {
  const before = written(inForce.document);
  const [draft, setDraft] = useState(before);
  const [faults, setFaults] = useState<readonly Wrong[]>([]);
  const [doubts, setDoubts] = useState<readonly string[]>(inForce.doubts);
  const [said, setSaid] = useState("");
  const doing = useDoing();
  const change = (then: string): void => {
    setDraft(then);
    setSaid("");
  };

  async function put(dry: boolean): Promise<void> {
    setFaults([]);
    setSaid("");
    const document = parsed(draft, setFaults);
    if (!document) return;
    const done = await doing.run(async () => {
      try {
        const taken = await putPolicy(kind, inForce.version, document, dry);
        setDoubts(taken.doubts);
        setSaid(dry ? text.value.good : taken.taken ? text.value.published(String(taken.version)) : text.value.same);
      } catch (error) {
        if (!(error instanceof Refused) || error.faults.length === 0) throw error;
        const lines = linesOf(draft);
        setFaults(error.faults.map(({ pointer, detail }) => ({ line: lineAt(lines, pointer.replace(/^\/body/, "")), said: `${pointer.replace(/^\/body\/?/, "")} ${detail}` })));
      }
    });
    if (done && !dry) onPut();
  }

  const { waiting } = inForce;
  return (
    <div class="policy">
      <section class="card" aria-label={kind}>
        <header><h3>{text.value.kindNames[kind] ?? kind} <small>{kind}</small></h3> <small>{inForce.version > 0 ? text.value.version(String(inForce.version)) : text.value.noVersion}</small></header>
        {waiting && (
          <p class="middling">
            ▲ {text.value.waitingFile} <button type="button" class="button" onClick={() => change(written(waiting.document))}>{text.value.takeFile}</button>
          </p>
        )}
        <label class="policy-text">
          <span class="note">{text.value.document}</span>
          <textarea rows={28} spellcheck={false} autocapitalize="none" value={draft} onInput={(event) => change(event.currentTarget.value)} />
        </label>
        <div class="row-tools">
          <button type="button" class="button" aria-disabled={doing.busy} onClick={() => void put(true)}>{text.value.check}</button>
          <button type="button" class="button primary" aria-disabled={doing.busy} onClick={() => void put(false)}>{doing.busy ? shared.value.working : text.value.put}</button>
          <span role="status" class="good">{said}</span>
        </div>
        <Fault refused={doing.refused} />
        {faults.length > 0 && (
          <div role="alert" class="bad">
            <h4>▲ {text.value.faults}</h4>
            <ul class="lines">{faults.map((one) => <li key={`${one.line} ${one.said}`}><b>{text.value.atLine(one.line)}</b> {one.said}</li>)}</ul>
          </div>
        )}
        {doubts.length > 0 && (
          <div class="middling">
            <h4>{text.value.doubts}</h4>
            <ul class="lines">{doubts.map((one) => <li key={one}>{one}</li>)}</ul>
          </div>
        )}
      </section>
      <section class="card" aria-label={text.value.versions}>
        <Changes before={before} after={draft} />
        <Versions kind={kind} onTake={(document) => change(written(document))} />
      </section>
    </div>
  );
}

/** The document; null, and its fault told, where the text is none. */
function parsed(draft: string, onFault: (faults: Wrong[]) => void): Document | null {
  try {
    return JSON.parse(draft) as Document;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const at = Number(/position (\d+)/.exec(error.message)?.[1] ?? draft.length);
    onFault([{ line: draft.slice(0, at).split("\n").length, said: text.value.notJson + error.message }]);
    return null;
  }
}

function Changes({ before, after }: { before: string; after: string }) {
  const [lines, setLines] = useState(() => diff(before, after));
  useEffect(() => {
    const timer = setTimeout(() => setLines(diff(before, after)), 300);
    return () => clearTimeout(timer);
  }, [before, after]);
  return (
    <>
      <h3>{text.value.changes}</h3>
      {lines.length === 0 ? <p class="note">{text.value.same}</p> : (
        <pre class="diff">{lines.map((one, at) => <span key={at} class={one.sign === "+" ? "come" : one.sign === "-" ? "gone" : ""}>{one.sign} {one.text}{"\n"}</span>)}</pre>
      )}
    </>
  );
}

function Versions({ kind, onTake }: { kind: string; onTake: (document: Document) => void }) {
  const found = useLoaded(() => policyVersions(kind), []);
  const doing = useDoing();
  const { locale } = words.value;
  return (
    <>
      <h3>{text.value.versions}</h3>
      <Fault refused={found.refused ?? doing.refused} />
      <ul class="lines">
        {found.value?.map((one) => (
          <li key={one.version}>
            {text.value.version(String(one.version))} <small>{one.source && text.value.bySource[one.source]} {one.actor?.name} {one.at && formatWhen(one.at, locale, now.value)}</small>{" "}
            <button type="button" class="link" onClick={() => void doing.run(async () => onTake(await policyVersion(kind, one.version)))}>{text.value.compare}</button>
          </li>
        ))}
      </ul>
    </>
  );
}
