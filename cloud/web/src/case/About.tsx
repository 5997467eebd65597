import { nameAsset, type Report } from "../api/case";
import { now } from "../state/clock";
import { addressOf as routeTo } from "../state/route";
import { Facts } from "../wall/Facts";
import { classNamed, words } from "../words";
import { formatAge, formatNumber, formatWhen } from "../words/format";
import { act, busy } from "./act";
import type { CaseFile } from "./load";
import { text } from "./words";

/** What it is about: its facts, who reported it, which assets, what it may be the same as, what it is tied to. */
export function About({ file }: { file: CaseFile }) {
  const say = text.value;
  return (
    <section class="case-about" aria-labelledby="about-title">
      <h3 id="about-title">{say.about}</h3>
      <Facts incident={file.incident} />
      <h4>{say.reports}</h4>
      <Many items={file.reports} none={say.noReports}>{(one) => <ReportLine key={one.id} report={one} />}</Many>
      <h4>{say.assets}</h4>
      <Many items={file.assets} none={say.noAssets}>
        {(one) => (
          <li key={one.code}>
            <b>{locale(one.asset_class.name)}</b> {one.code} {one.name}
            <button
              type="button" class="quiet" disabled={busy.value} aria-label={say.remove(one.code)}
              onClick={() => void act(say.unlinked, () => nameAsset(file.incident.id, one.code, false))}
            >
              ✕
            </button>
          </li>
        )}
      </Many>
      <h4>{say.candidates}</h4>
      <Many items={file.candidates} none={say.noCandidates}>
        {(one) => (
          <li key={one.incident_id}>
            <a href={routeTo("case", one.incident_id)}>{one.number}</a> {classNamed(one.event_class)}
            <small>
              {one.metres === null ? say.sameGrid : say.near(formatNumber(Math.round(one.metres), words.value.locale))}
              {" · "}{say.apart(formatAge(one.minutes * 60_000, words.value.locale))}
              {one.same_class && ` · ${say.sameClass}`}
            </small>
          </li>
        )}
      </Many>
      <h4>{say.links}</h4>
      <Many items={file.links} none={say.noLinks}>
        {(one) => (
          <li key={`${one.id} ${one.kind}`}>
            {say.linkKinds[one.kind]} <a href={routeTo("case", one.id)}>{one.number}</a>
          </li>
        )}
      </Many>
    </section>
  );
}

const locale = (names: { zh: string; en: string }): string => (words.value.locale === "zh-CN" ? names.zh : names.en);

function Many<T>({ items, none, children }: {
  items: readonly T[] | null;
  none: string;
  children: (item: T) => preact.ComponentChild;
}) {
  if (!items) return <p class="note">{text.value.partFailed}</p>;
  return items.length === 0 ? <p class="note">{none}</p> : <ul>{items.map(children)}</ul>;
}

function ReportLine({ report }: { report: Report }) {
  const { facts } = words.value;
  return (
    <li>
      <b>{facts.sources[report.source as keyof typeof facts.sources] ?? report.source}</b>{" "}
      <time>{formatWhen(report.received_at, words.value.locale, now.value)}</time> <q>{report.words}</q>
      {report.address && <small>{report.address}</small>}
      <small>{text.value.publicNumber(report.public_number)}</small>
    </li>
  );
}
