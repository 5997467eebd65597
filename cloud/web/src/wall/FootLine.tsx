import { now } from "../state/clock";
import { waiting } from "../state/incidents";
import { lost, silence } from "../state/live";
import { cameras, nodes } from "../state/places";
import { named, words } from "../words";
import { formatAge, formatNumber } from "../words/format";

export function FootLine() {
  const { foot, locale } = words.value;
  const count = (all: readonly { status: string }[]): string =>
    foot.of(formatNumber(all.filter((one) => one.status === "up").length, locale), formatNumber(all.length, locale));
  const downNodes = nodes.value.filter((node) => node.status !== "up");
  const downCameras = cameras.value.filter((camera) => camera.status !== "up");
  const oldest = Math.min(...waiting.value.map((incident) => Date.parse(incident.opened_at)));
  return (
    <footer class="foot">
      <Fact name={foot.nodes} value={count(nodes.value)} bad={downNodes.length > 0} note={list(downNodes)} />
      <Fact name={foot.cameras} value={count(cameras.value)} bad={downCameras.length > 0} note={list(downCameras)} />
      <Fact
        name={foot.oldest}
        value={Number.isFinite(oldest) ? formatAge(now.value - oldest, locale) : foot.none}
        bad={false}
      />
      <Fact name={foot.data} value={foot.ago(formatAge(silence.value, locale))} bad={lost.value} />
    </footer>
  );
}

/** The first few that are down, by name. */
function list(down: readonly { id: string; name: { zh: string; en: string } }[]): string {
  if (down.length === 0) return "";
  const names = down.slice(0, 3).map((one) => named(one.name));
  return words.value.foot.down(names.join(", ") + (down.length > names.length ? " …" : ""));
}

function Fact({ name, value, bad, note = "" }: { name: string; value: string; bad: boolean; note?: string }) {
  return (
    <p class={bad ? "foot-fact bad" : "foot-fact"}>
      <span>{name}</span> <b>{bad && <span aria-hidden="true">▲ </span>}{value}</b> {note && <small>{note}</small>}
    </p>
  );
}
