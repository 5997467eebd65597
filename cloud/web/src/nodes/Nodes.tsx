import { useEffect, useRef } from "preact/hooks";
import type { NodeDevice, NodeLedger, SeriesLedger } from "../api/types";
import { now } from "../state/clock";
import { isBad } from "../state/places";
import { go, HOME } from "../state/route";
import {
  backlog, byTrouble, CLOCK_TOLERANCE_S, COLUMNS, keepUp, missing, ordered, rangesAsText, type Upkeep, upkeep, upkeepFailed,
} from "../state/upkeep";
import { named, words } from "../words";
import { formatAge, formatNumber, formatWhen } from "../words/format";
import { NodeCare } from "./Care";
import { CurvesButton } from "../wall/CurvesButton";
import { sentence } from "../words/sentences";
import { troubles } from "../words/troubles";

/** The page of nodes: whether anything of theirs is missing, and how their devices are. */
export function Nodes() {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(keepUp, []);
  useEffect(() => heading.current?.focus(), []);
  const text = words.value.nodes;
  return (
    <main class="nodes" aria-labelledby="nodes-title">
      <div class="nodes-head">
        <h2 id="nodes-title" ref={heading} tabIndex={-1}>{text.title}</h2>
        <button type="button" class="button" onClick={() => go(HOME)}>
          {text.back} <kbd aria-hidden="true">Esc</kbd>
        </button>
      </div>
      {upkeepFailed.value && <p class="fault" role="alert">{text.failed}</p>}
      {upkeep.value === null ? (
        <p class="nothing">{words.value.list.loading}</p>
      ) : (
        <div class="node-cards">
          {upkeep.value.map((one) => <NodeCard key={one.node.id} one={one} />)}
        </div>
      )}
    </main>
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
      <Rungs devices={devices} />
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

/** Cameras and the rest on their ladder, what needs somebody first. */
function Rungs({ devices }: { devices: readonly NodeDevice[] }) {
  const { nodes: text, statuses, locale } = words.value;
  const rest = devices.filter((device) => device.kind !== "node");
  const cameras = rest.filter((device) => device.kind === "camera");
  const up = cameras.filter((device) => device.status === "up").length;
  return (
    <>
      <h4>{text.devices} <small>{text.cameras(formatNumber(up, locale), formatNumber(cameras.length, locale))}</small></h4>
      <ul class="rungs">
        {[...rest].sort(byTrouble).map((device) => (
          <li key={device.id}>
            <b class={`rung rung-${device.status}`}>{statuses[device.status]}</b>
            <span>{device.kind === "broker" ? text.broker : named(device.name)} <small>{device.id}</small></span>
            {isBad(device.status) && (
              <small class="why" title={device.detail}>
                {device.since && formatAge(now.value - Date.parse(device.since), locale)}{" "}
                {troubles(device.facts, locale).join("; ") || sentence(device.detail, locale)}
              </small>
            )}
            {!isBad(device.status) && troubles(device.facts, locale).map((one) => <small key={one} class="why">{one}</small>)}
          </li>
        ))}
      </ul>
    </>
  );
}
