import { useState } from "preact/hooks";
import type { NodeDevice } from "../api/types";
import { now } from "../state/clock";
import { personNamed } from "../state/people";
import { isBad } from "../state/places";
import { addressOf } from "../state/route";
import { maySee, PAGES } from "../wall/pages";
import { labelled, named, words } from "../words";
import { formatAge, formatNumber, formatPercent, formatWhen } from "../words/format";
import { sentence } from "../words/sentences";
import { troubles } from "../words/troubles";
import { chosenOf, KEY_INTERVAL_S, shown, sought } from "./choosing";
import { mayTakeOut, out, rightness, sick } from "./extras";
import { Service } from "./Service";
import { text } from "./words";

/** A share of right alarms below this is bad (`cloud/alarms/precision.py`), once enough were judged. */
const TARGET = 0.7;
const ENOUGH = 20;

/** Cameras and the rest on their ladder, what needs somebody first. */
export function Devices({ node, devices }: { node: string; devices: readonly NodeDevice[] }) {
  const { nodes, locale } = words.value;
  const cameras = devices.filter((device) => device.kind === "camera");
  const up = cameras.filter((device) => device.status === "up").length;
  const chosen = chosenOf(
    devices, { shown: shown.value, sought: sought.value }, (id) => out.value.has(id), (id) => sick.value?.get(id),
  );
  const { columns } = text.value;
  return (
    <section class="node-devices">
      <h4>{nodes.devices} <small>{nodes.cameras(formatNumber(up, locale), formatNumber(cameras.length, locale))}</small></h4>
      {chosen.length === 0 ? <p class="note">{text.value.nothing}</p> : (
        <div class="frame" role="region" aria-label={`${nodes.devices} ${node}`} tabIndex={0}>
          <table class="sheet rungs">
            <thead>
              <tr>{(["status", "device", "key", "picture", "precision", "checked", "tools"] as const).map((one) => <th key={one} scope="col">{columns[one]}</th>)}</tr>
            </thead>
            <tbody>{chosen.map((device) => <Row key={device.id} device={device} />)}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Row({ device }: { device: NodeDevice }) {
  const { statuses, nodes, locale } = words.value;
  const [taking, setTaking] = useState(false);
  const away = out.value.get(device.id)?.out;
  const camera = device.kind === "camera";
  const wrong = troubles(device.facts, locale);
  const why = isBad(device.status) ? wrong.join("; ") || sentence(device.detail, locale) : wrong.join("; ");
  const movable = (camera || device.kind === "sensor") && mayTakeOut();
  return (
    <>
      <tr data-device={device.id}>
        <td><b class={`rung rung-${device.status}`}>{statuses[device.status]}</b></td>
        <th scope="row">
          {device.kind === "broker" ? nodes.broker : named(device.name)} <small>{device.id}</small>
          {why && <small class="why" title={device.detail}>{isBad(device.status) && device.since && `${formatAge(now.value - Date.parse(device.since), locale)} `}{why}</small>}
          {away && <small class="away">{text.value.outSince(personNamed(away.by), formatWhen(away.until, locale, now.value))}: {away.reason}</small>}
        </th>
        <td class="nowrap">{camera && <KeyInterval facts={device.facts} />}</td>
        <td class="nowrap">{camera && <PictureHealth device={device} />}</td>
        <td class="nowrap">{camera && <Rightness id={device.id} />}</td>
        <td class="nowrap">{device.checked_at && text.value.ago(formatAge(now.value - Date.parse(device.checked_at), locale))}</td>
        <td>
          <div class="row-tools">
            {device.point && <PageLink page="charts" rest={["point", device.point]} title={text.value.curves} />}
            {camera && <PageLink page="video" rest={[device.id]} title={text.value.video} />}
            {camera && <PageLink page="editor" rest={[device.id]} title={text.value.editor} />}
            {movable && (
              <button type="button" class="link" aria-expanded={taking} onClick={() => setTaking(!taking)}>
                {away ? text.value.back : text.value.out}
              </button>
            )}
          </div>
        </td>
      </tr>
      {taking && <tr><td colSpan={7}><Service device={device} onDone={() => setTaking(false)} /></td></tr>}
    </>
  );
}

/** Leads to another page about this device, where there is one that this person may open. */
function PageLink({ page, rest, title }: { page: string; rest: readonly string[]; title: string }) {
  const known = PAGES.find((one) => one.name === page);
  return known && maySee(known) ? <a href={addressOf(page, ...rest)}>{title}</a> : null;
}

function KeyInterval({ facts }: { facts: NodeDevice["facts"] }) {
  const { locale } = words.value;
  const { key_interval_s: interval, sparse } = facts;
  if (typeof interval !== "number") return <small>—</small>;
  const far = interval > KEY_INTERVAL_S || sparse === true;
  return <span class={far ? "bad" : ""}>{far && "▲ "}{text.value.every(formatNumber(interval, locale))} {far && <small>{text.value.sparse}</small>}</span>;
}

/** How good its picture is; of a camera that gives none, for how long. */
function PictureHealth({ device: { id, status, since } }: { device: NodeDevice }) {
  if (isBad(status) && since) {
    return <span class="bad">▲ {text.value.pictureNone(formatAge(now.value - Date.parse(since), words.value.locale))}</span>;
  }
  if (sick.value === null || status !== "up") return <small>—</small>;
  const wrong = sick.value.get(id);
  if (!wrong) return <span class="good">● {text.value.pictureGood}</span>;
  return <span class="bad">▲ {wrong.map(labelled).join(", ")}</span>;
}

function Rightness({ id }: { id: string }) {
  const { locale } = words.value;
  if (rightness.value === null) return <small>—</small>;
  const known = rightness.value.get(id);
  if (!known || known.share === null) return <small>{text.value.precisionNone}</small>;
  const poor = known.judged >= ENOUGH && known.share < TARGET;
  return (
    <span class={poor ? "bad" : ""}>
      {poor && "▲ "}{formatPercent(known.share, locale)} <small>{text.value.precisionOf(formatNumber(known.right, locale), formatNumber(known.judged, locale))}</small>
    </span>
  );
}
