import type { PointDevice, PointProperties } from "../api/types";
import { grids, nodes, statusOf } from "../state/places";
import { named, words } from "../words";
import { CurvesButton } from "./CurvesButton";

/** A point where nothing is the matter: what stands there and how it is. */
export function PointCard({ point }: { point: PointProperties }) {
  const text = words.value.point;
  const grid = grids.value.find((area) => area.properties.id === point.grid);
  const node = nodes.value.find((one) => one.id === point.node);
  return (
    <div class="point-card">
      <h2 class="detail-title" tabIndex={-1}>{named(point.name)} <small>{point.id}</small></h2>
      <p class="note">{text.quiet}</p>
      <CurvesButton of={{ kind: "point", id: point.id }} />
      <dl>
        <div><dt>{text.grid}</dt><dd>{grid ? named(grid.properties.name) : point.grid}</dd></div>
        <div><dt>{text.node}</dt><dd>{node ? named(node.name) : point.node}</dd></div>
      </dl>
      <Devices title={text.cameras} devices={point.cameras} />
      <Devices title={text.sensors} devices={point.sensors} />
    </div>
  );
}

function Devices({ title, devices }: { title: string; devices: readonly PointDevice[] }) {
  if (devices.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul class="devices">
        {devices.map((device) => {
          const status = statusOf(device);
          return (
            <li key={device.id} class={`device-${status}`}>
              {named(device.name)} <small>{device.id}</small> <b>{words.value.statuses[status]}</b>
            </li>
          );
        })}
      </ul>
    </>
  );
}
