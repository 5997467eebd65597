import L from "leaflet";
import type { AreaFeature, Incident, PointFeature } from "../api/types";
import { open, opened, select, selected, selectedId } from "../state/incidents";
import { isWaiting, worst } from "../state/order";
import { quietPoint } from "../state/panes";
import { isDown, openAt, points } from "../state/places";
import { named, words } from "../words";
import { drawMark, markOf } from "./marks";
import { roomiest, type Spot } from "./room";

/** Drawn in this order, so that the coarser border lies on top. */
const LAYERS: readonly string[] = ["grid", "community", "street"];

/** Grids and communities with their names; redrawn only when areas, points or the language change. */
export function drawAreas(
  layer: L.LayerGroup, areas: readonly AreaFeature[], points: readonly PointFeature[],
): Map<string, L.Polygon> {
  layer.clearLayers();
  const grids = new Map<string, L.Polygon>();
  const names = new Map(areas.map((area) => [area.properties.id, area.properties.name]));
  const taken: Spot[] = points.map((point) => flat(point.geometry.coordinates));
  for (const area of [...areas].sort((a, b) => LAYERS.indexOf(a.properties.level) - LAYERS.indexOf(b.properties.level))) {
    const { id, level, name, parent } = area.properties;
    const pieces = area.geometry.type === "Polygon" ? [area.geometry.coordinates] : area.geometry.coordinates;
    const rings = pieces.map((piece) => piece.map((ring) => ring.map(latLng)));
    const polygon = L.polygon(rings, { className: `area area-${level}`, interactive: false }).addTo(layer);
    if (level === "grid") grids.set(id, polygon);
    const spot = level === "street" ? null : roomiest((pieces[0]?.[0] ?? []).map(flat), taken);
    if (!spot) continue;
    taken.push(spot);
    const above = parent ? names.get(parent) : undefined;
    const label = document.createElement("span");
    label.textContent = level === "grid" && above ? withoutPrefix(named(name), named(above)) : named(name);
    L.tooltip({ permanent: true, direction: "center", className: `name-${level}`, interactive: false, pane: "names" })
      .setLatLng(L.Projection.SphericalMercator.unproject(L.point(spot[0], spot[1])))
      .setContent(label)
      .addTo(layer);
  }
  return grids;
}

/** In the flat picture that the map shows. */
function flat(position: readonly number[]): Spot {
  const { x, y } = L.Projection.SphericalMercator.project(latLng(position));
  return [x, y];
}

/** GeoJSON says longitude first. */
function latLng([lon = 0, lat = 0]: readonly number[]): L.LatLng {
  return L.latLng(lat, lon);
}

/** "Xuefu Grid 3" in Xuefu is "Grid 3": on the map the community's name stands beside it. */
export function withoutPrefix(name: string, prefix: string): string {
  return name.startsWith(prefix) && name.length > prefix.length ? name.slice(prefix.length).trim() : name;
}

/** Tint each grid by its worst open incident and outline the one of the selection. */
export function tintGrids(grids: ReadonlyMap<string, L.Polygon>): void {
  const quiet = points.value.find((point) => point.properties.id === quietPoint.value);
  const chosenGrid = quiet ? quiet.properties.grid : selected.value?.area.grid?.id;
  const inGrid = new Map<string, Incident[]>();
  for (const incident of open.value) {
    const grid = incident.area.grid?.id ?? "";
    const there = inGrid.get(grid);
    if (there) there.push(incident);
    else inGrid.set(grid, [incident]);
  }
  for (const [id, polygon] of grids) {
    const severity = worst(inGrid.get(id) ?? []);
    const chosen = chosenGrid === id;
    polygon.getElement()?.setAttribute(
      "class", `leaflet-interactive area area-grid${severity ? ` tint-${severity}` : ""}${chosen ? " chosen" : ""}`,
    );
    if (chosen) polygon.bringToFront();
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
    const before = pins.get(id);
    if (before?.drawn === html + label) continue;
    const icon = L.divIcon({ html, className: "point", iconSize: [36, 36], iconAnchor: [18, 18] });
    const pin = before ?? {
      marker: L.marker(latLng(point.geometry.coordinates), { icon }).on("click", () => choose(id)).addTo(layer), drawn: "",
    };
    pin.drawn = html + label;
    pins.set(id, pin);
    if (before) pin.marker.setIcon(icon);
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
