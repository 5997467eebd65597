import "../look/foot.css";
import type { DeviceStatus, Names } from "../api/types";
import { SoundFact } from "../sound/SoundFact";
import { now } from "../state/clock";
import { duty, lately, LIMIT_PER_OPERATOR } from "../state/duty";
import { waiting } from "../state/incidents";
import { lost, silence } from "../state/live";
import { momentOf } from "../state/order";
import { personNamed } from "../state/people";
import { cameras, isBad, nodes } from "../state/places";
import { named, words } from "../words";
import { formatAge, formatNumber } from "../words/format";
import { text as foot } from "./footWords";

interface Device {
  name: Names;
  status: DeviceStatus;
}

export function FootLine() {
  const { foot: text, locale } = words.value;
  const oldest = waiting.value.reduce((sum, incident) => Math.min(sum, momentOf(incident)), Infinity);
  return (
    <footer class="foot">
      <Devices name={text.nodes} devices={nodes.value} />
      <Devices name={text.cameras} devices={cameras.value} />
      <Fact
        name={text.oldest}
        value={Number.isFinite(oldest) ? formatAge(now.value - oldest, locale) : text.none}
        bad={false}
      />
      <Lately />
      {duty.value && (
        <Fact
          name={foot.value.onDuty} value={formatNumber(duty.value.operators.length, locale)} bad={duty.value.operators.length === 0}
          note={duty.value.operators.map(personNamed).join(" · ")}
        />
      )}
      <SoundFact />
      <Fact name={text.data} value={text.ago(formatAge(silence.value, locale))} bad={lost.value} />
    </footer>
  );
}

/** Alarms that called in ten minutes, against what the operators can look at. */
function Lately() {
  const figures = lately.value;
  if (!figures) return null;
  const { locale } = words.value;
  const limit = LIMIT_PER_OPERATOR * figures.seats;
  const over = figures.annunciated > limit;
  return (
    <Fact
      name={foot.value.lately} bad={over} note={over ? foot.value.flood : ""}
      value={words.value.foot.of(formatNumber(figures.annunciated, locale), formatNumber(limit, locale))}
    />
  );
}

/** How many are up; which are down, and of how many nothing was heard yet. */
function Devices({ name, devices }: { name: string; devices: readonly Device[] }) {
  const { foot: text, locale } = words.value;
  const down = devices.filter((device) => isBad(device.status));
  const unheard = devices.filter((device) => device.status === "unknown").length;
  const up = devices.length - down.length - unheard;
  const first = down.slice(0, 3).map((device) => named(device.name)).join(", ") + (down.length > 3 ? " …" : "");
  const notes = [
    ...(down.length > 0 ? [text.down(first)] : []),
    ...(unheard > 0 ? [text.unheard(formatNumber(unheard, locale))] : []),
  ];
  return (
    <Fact
      name={name}
      value={text.of(formatNumber(up, locale), formatNumber(devices.length, locale))}
      bad={down.length > 0}
      note={notes.join(" · ")}
    />
  );
}

function Fact({ name, value, bad, note = "" }: { name: string; value: string; bad: boolean; note?: string }) {
  return (
    <p class={bad ? "foot-fact bad" : "foot-fact"}>
      <span>{name}</span> <b>{bad && <span aria-hidden="true">▲ </span>}{value}</b> {note && <small>{note}</small>}
    </p>
  );
}
