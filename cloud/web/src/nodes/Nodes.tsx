import { useEffect } from "preact/hooks";
import type { NodeLedger, SeriesLedger } from "../api/types";
import { Sheet } from "../office/Sheet";
import { now } from "../state/clock";
import { isBad } from "../state/places";
import { go, HOME } from "../state/route";
import {
  backlog, CLOCK_TOLERANCE_S, COLUMNS, keepUp, missing, ordered, rangesAsText, type Upkeep, upkeep, upkeepFailed,
} from "../state/upkeep";
import { named, words } from "../words";
import { formatAge, formatNumber, formatWhen } from "../words/format";
import { NodeCare } from "./Care";
import { CurvesButton } from "../wall/CurvesButton";
import { advice, keepExtras } from "./extras";
import { byNeed, SHOWN as CHOICES, shown, sought } from "./choosing";
import { Devices } from "./Devices";
import { text as own } from "./words";
import { sentence } from "../words/sentences";
import { troubles } from "../words/troubles";

/** The page of nodes: whether anything of theirs is missing, and how their devices are. */
export function Nodes() {
  useEffect(keepUp, []);
  useEffect(keepExtras, []);
  const text = words.value.nodes;
  return (
    <Sheet
      name="nodes" title={text.title}
      tools={<button type="button" class="button" onClick={() => go(HOME)}>{text.back} <kbd aria-hidden="true">Esc</kbd></button>}
    >
      {upkeepFailed.value && <p class="fault" role="alert">{text.failed}</p>}
      {upkeep.value === null ? (
        <p class="nothing">{words.value.list.loading}</p>
      ) : (
        <>
          <Choosing all={upkeep.value} />
          <div class="node-cards">
            {[...upkeep.value].sort(byNeed).map((one) => <NodeCard key={one.node.id} one={one} />)}
          </div>
          <Advice />
        </>
      )}
    </Sheet>
  );
}

function Choosing({ all }: { all: readonly Upkeep[] }) {
  const { locale } = words.value;
  const text = own.value;
  const share = (devices: readonly { status: string }[]): string =>
    `${formatNumber(devices.filter((one) => one.status === "up").length, locale)}/${formatNumber(devices.length, locale)}`;
  const of = (kind: string) => all.flatMap((one) => one.devices).filter((one) => one.kind === kind);
  return (
    <div class="narrow">
      <p class="node-summary">{text.summary(share(all.map((one) => one.node)), share(of("camera")), share(of("sensor")))}</p>
      <label>
        <span>{text.search}</span>
        <input type="search" placeholder={text.searchHint} value={sought.value} onInput={(event) => (sought.value = event.currentTarget.value)} />
      </label>
      <div class="tabs" role="group" aria-label={text.show}>
        {CHOICES.map((one) => (
          <button key={one} type="button" class="button" aria-pressed={shown.value === one} onClick={() => (shown.value = one)}>
            {text.filters[one]}
          </button>
        ))}
      </div>
    </div>
  );
}

const ADVICE = 8;

/** What would avoid most wrong alarms, from what people judged. */
function Advice() {
  const { locale } = words.value;
  if (advice.value.length === 0) return null;
  const { advices } = own.value;
  const count = (value: number): string => formatNumber(value, locale);
  return (
    <section class="card" aria-labelledby="advice-title">
      <h3 id="advice-title">{own.value.advice}</h3>
      <ul class="causes">
        {advice.value.slice(0, ADVICE).map((one) => (
          <li key={`${one.kind} ${one.device} ${one.event_class}`}>
            {one.kind === "raise_threshold"
              ? advices.raise_threshold(one.device, count(one.threshold ?? 0), count(one.wrong_avoided), count(one.true_lost))
              : one.kind === "mend_zone"
                ? advices.mend_zone(one.device, count(one.wrong_avoided))
                : advices.shelve_hours(one.device, one.hours.join(", "), count(one.wrong_avoided))}
          </li>
        ))}
      </ul>
    </section>
  );
}

function NodeCard({ one }: { one: Upkeep }) {
  const { nodes: text, statuses, locale } = words.value;
  const { node, ledger, devices } = one;
  const lost = missing(ledger);
  const behind = backlog(ledger);
  const seen = node.last_seen_at ? formatAge(now.value - Date.parse(node.last_seen_at), locale) : null;
  const self = devices.find((device) => device.id === node.id);
  const { site_version: version, site_problem: problem } = self?.facts ?? {};
  return (
    <section class="node-card" aria-labelledby={`node-${node.id}`} tabIndex={0}>
      <header>
        <h3 id={`node-${node.id}`}>{named(node.name)} <small>{node.id}</small></h3>
        <b class={`rung rung-${node.status}`}>{statuses[node.status]}</b>
        <span class={lost > 0 ? "verdict bad" : "verdict good"}>
          {lost > 0 ? text.missing(formatNumber(lost, locale)) : text.accounted}
        </span>
      </header>
      <p class="node-facts">
        <span>{seen ? text.heard(seen) : text.neverHeard}</span>
        <Offset seconds={ledger.clock_offset_s} />
        {behind > 0 && <span class="behind">{text.backlog(formatNumber(behind, locale))}</span>}
        {version !== undefined && <span>{text.siteVersion(String(version))}</span>}
      </p>
      {self?.detail && isBad(self.status) && <p class="fault">{text.lastError}: {sentence(self.detail, locale)}</p>}
      {typeof problem === "string" && problem && (
        <p class="fault">{text.siteProblem}: {sentence(problem, locale)}</p>
      )}
      {self && troubles(self.facts, locale).map((one) => <p key={one} class="note">{one}</p>)}
      <Ledger lines={ordered(ledger.lines)} />
      <Causes ledger={ledger} />
      <Devices node={node.id} devices={devices} />
      <CurvesButton of={{ kind: "node", id: node.id }} />
      <NodeCare node={node.id} />
    </section>
  );
}

function Offset({ seconds }: { seconds: number | null }) {
  const { nodes: text, locale } = words.value;
  if (seconds === null) return null;
  const off = Math.abs(seconds) > CLOCK_TOLERANCE_S;
  const shown = formatAge(Math.abs(seconds) * 1000, locale);
  return <span class={off ? "bad" : ""}>{off ? (seconds > 0 ? text.fast(shown) : text.slow(shown)) : text.clockRight}</span>;
}

function Ledger({ lines }: { lines: readonly SeriesLedger[] }) {
  const { nodes: text, locale } = words.value;
  if (lines.length === 0) return <p class="note">{text.noLedger}</p>;
  return (
    <div class="ledger-frame" tabIndex={0} role="group" aria-label={text.ledger}>
      <table class="ledger">
        <thead>
          <tr>
            <th scope="col">{text.ledger}</th>
            {COLUMNS.map((column) => <th key={column} scope="col">{text.columns[column]}</th>)}
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={`${line.series} ${line.epoch}`} class={line.current ? "" : "earlier"}>
              <th scope="row">
                {text.series[line.series]} {!line.current && <small>{text.earlier}</small>}
              </th>
              {COLUMNS.map((column) => (
                <td key={column} data-column={text.columns[column]} class={line[column] > 0 ? `some-${column}` : "nought"}>
                  {formatNumber(line[column], locale)}
                  {column === "missing" && line.missing > 0 && <small>{rangesAsText(line.missing_ranges)}</small>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const SHOWN = 4;

/** Why messages were refused or given up. */
function Causes({ ledger }: { ledger: NodeLedger }) {
  const { nodes: text, locale } = words.value;
  if (ledger.refusals.length + ledger.gaps.length === 0) return null;
  return (
    <ul class="causes">
      {ledger.refusals.slice(0, SHOWN).map((one) => (
        <li key={`${one.epoch} ${one.series} ${one.seq}`}>
          <time>{formatWhen(one.at, locale, now.value)}</time>{" "}
          {text.refused(text.series[one.series], String(one.seq))}: <b>{one.code}</b> <small>{one.reason}</small>
        </li>
      ))}
      {ledger.gaps.slice(0, SHOWN).map((one) => (
        <li key={`${one.epoch} ${one.series} ${one.at} ${one.ranges[0]?.[0]}`}>
          <time>{formatWhen(one.at, locale, now.value)}</time>{" "}
          {text.evicted(text.series[one.series], rangesAsText(one.ranges))}: <b>{cause(one.cause)}</b>
        </li>
      ))}
    </ul>
  );
}

function cause(name: string): string {
  const known: Readonly<Record<string, string | undefined>> = words.value.nodes.causes;
  return known[name] ?? name;
}
