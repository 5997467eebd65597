import type { DeviceStatus, Names } from "../api/types";
import { now } from "../state/clock";
import { waiting } from "../state/incidents";
import { lost, silence } from "../state/live";
import { cameras, isBad, nodes } from "../state/places";
import { named, words } from "../words";
import { formatAge, formatNumber } from "../words/format";

interface Device {
  name: Names;
  status: DeviceStatus;
}

export function FootLine() {
  const { foot, locale } = words.value;
  const oldest = Math.min(...waiting.value.map((incident) => Date.parse(incident.opened_at)));
  return (
    <footer class="foot">
      <Devices name={foot.nodes} devices={nodes.value} />
      <Devices name={foot.cameras} devices={cameras.value} />
      <Fact
        name={foot.oldest}
        value={Number.isFinite(oldest) ? formatAge(now.value - oldest, locale) : foot.none}
        bad={false}
      />
      <Fact name={foot.data} value={foot.ago(formatAge(silence.value, locale))} bad={lost.value} />
    </footer>
  );
}

/** How many are up; which are down, and of how many nothing was heard yet. */
function Devices({ name, devices }: { name: string; devices: readonly Device[] }) {
  const { foot, locale } = words.value;
  const down = devices.filter((device) => isBad(device.status));
  const unheard = devices.filter((device) => device.status === "unknown").length;
  const up = devices.length - down.length - unheard;
  const first = down.slice(0, 3).map((device) => named(device.name)).join(", ") + (down.length > 3 ? " …" : "");
  const notes = [
    ...(down.length > 0 ? [foot.down(first)] : []),
    ...(unheard > 0 ? [foot.unheard(formatNumber(unheard, locale))] : []),
  ];
  return (
    <Fact
      name={name}
      value={foot.of(formatNumber(up, locale), formatNumber(devices.length, locale))}
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
