import L from "leaflet";
import type { AreaFeature, PointFeature } from "../api/types";
import { open, opened, select, selected, selectedId } from "../state/incidents";
import { isWaiting, worst } from "../state/order";
import { quietPoint } from "../state/panes";
import { isDown, openAt } from "../state/places";
import { named, words } from "../words";
import { drawMark, markOf } from "./marks";

/** Grids with their names and communities' borders; redrawn only when the areas or the language change. */
export function drawAreas(layer: L.LayerGroup, areas: readonly AreaFeature[]): Map<string, L.Polygon> {
  layer.clearLayers();
  const grids = new Map<string, L.Polygon>();
  for (const area of areas) {
    const { id, level, name } = area.properties;
    const rings = area.geometry.coordinates.map((ring) => ring.map(([lon, lat]) => L.latLng(lat, lon)));
    const polygon = L.polygon(rings, { className: `area area-${level}`, interactive: false });
    if (level === "grid") {
      const label = document.createElement("span");
      label.textContent = named(name);
      polygon.bindTooltip(label, {
        permanent: true, direction: "center", className: "grid-name", interactive: false,
      });
      grids.set(id, polygon);
    }
    polygon.addTo(layer);
  }
  return grids;
}

/** Tint each grid by its worst open incident and outline the one of the selection. */
export function tintGrids(grids: ReadonlyMap<string, L.Polygon>): void {
  for (const [id, polygon] of grids) {
    const severity = worst(open.value.filter((incident) => incident.area.grid.id === id));
    const chosen = selected.value?.area.grid.id === id;
    polygon.getElement()?.setAttribute(
      "class", `leaflet-interactive area area-grid${severity ? ` tint-${severity}` : ""}${chosen ? " chosen" : ""}`,
    );
  }
}

interface Pin {
  marker: L.Marker;
  drawn: string;
}

/** The points' marks. An unchanged mark is left alone, so it keeps the keyboard's focus. */
export function drawPoints(layer: L.LayerGroup, pins: Map<string, Pin>, points: readonly PointFeature[]): void {
  const here = selected.value?.point.id;
  for (const point of points) {
    const { id, name } = point.properties;
    const incidents = openAt.value.get(id) ?? [];
    const chosen = quietPoint.value ? quietPoint.value === id : here === id;
    const mark = markOf(incidents, incidents.some(isWaiting), isDown(point), chosen);
    const html = drawMark(mark, words.value);
    const label = words.value.map.point(named(name), incidents.length) + (mark.down ? ` (${words.value.map.offline})` : "");
    const [lon, lat] = point.geometry.coordinates;
    let pin = pins.get(id);
    if (!pin) {
      pin = { marker: L.marker([lat, lon]).on("click", () => choose(id)).addTo(layer), drawn: "" };
      pins.set(id, pin);
    }
    if (pin.drawn === html + label) continue;
    pin.drawn = html + label;
    pin.marker.setIcon(L.divIcon({ html, className: "point", iconSize: [36, 36], iconAnchor: [18, 18] }));
    pin.marker.setZIndexOffset(mark.severity ? 500 : 0);
    pin.marker.getElement()?.setAttribute("aria-label", label);
    pin.marker.getElement()?.setAttribute("title", label);
  }
}

export type { Pin };

/** A click on a point: its worst incident, at the next click its next one; a quiet point shows itself. */
function choose(point: string): void {
  const there = openAt.value.get(point) ?? [];
  const at = there.findIndex((incident) => incident.id === selectedId.value);
  const next = there[(at + 1) % Math.max(1, there.length)];
  if (next) select(next.id, true);
  else {
    quietPoint.value = point;
    opened.value = true;
  }
}
