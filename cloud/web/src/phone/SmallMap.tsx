import "leaflet/dist/leaflet.css";
import L from "leaflet";
import { useEffect, useRef } from "preact/hooks";
import { reference } from "./cases";
import { position } from "./duty";
import type { Position } from "./queue";
import { named, words } from "../words";
import { text } from "./words";

export interface MapProps {
  at: Position | null;
  /** Given, a tap chooses a place. */
  onPick?(at: Position): void;
}

const CLOSE = 17;
/** From this zoom on the names of points have room. */
const NAMED = 16;

/** The grids as drawn lines, the place, and where one is; WGS-84, without tiles from anywhere. */
export function SmallMap({ at, onPick }: MapProps) {
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => (frame.current ? show(frame.current, at, onPick) : undefined), []);
  return <div class="small-map" ref={frame} role="group" aria-label={onPick ? text.value.report.place : text.value.task.map} />;
}

function show(element: HTMLElement, at: Position | null, onPick?: (at: Position) => void): () => void {
  const map = L.map(element, { attributionControl: false, zoomControl: false, zoomAnimation: false, fadeAnimation: false });
  const here = position.value;
  const start = at ?? here;
  // Leaflet draws nothing before it knows where it looks.
  map.setView(start ? [start.lat, start.lon] : [0, 0], start ? CLOSE : 2);
  const { zoomIn, zoomOut } = words.value.map;
  L.control.zoom({ zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(map);
  const outline = L.featureGroup().addTo(map);
  for (const { geometry, properties } of reference.value.areas) {
    const pieces = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
    const rings = pieces.map((piece) => piece.map((ring) => ring.map(([lon = 0, lat = 0]) => L.latLng(lat, lon))));
    L.polygon(rings, { className: `area area-${properties.level}`, interactive: false }).addTo(outline);
  }
  for (const { geometry, properties } of reference.value.points) {
    const [lon = 0, lat = 0] = geometry.coordinates;
    L.circleMarker([lat, lon], { radius: 4, className: "map-point", interactive: false })
      .bindTooltip(named(properties.name), { permanent: true, direction: "top", className: "map-name", offset: [0, -4] })
      .addTo(map);
  }
  const name = (): void => {
    element.dataset["names"] = String(map.getZoom() >= NAMED);
  };
  map.on("zoomend", name);
  const place = at && L.circleMarker([at.lat, at.lon], { radius: 11, className: "map-place", interactive: false }).addTo(map);
  let chosen = place;
  if (here) L.circleMarker([here.lat, here.lon], { radius: 7, className: "map-here", interactive: false }).addTo(map);
  if (!start && outline.getBounds().isValid()) map.fitBounds(outline.getBounds());
  name();
  if (onPick) {
    map.on("click", ({ latlng }: L.LeafletMouseEvent) => {
      chosen?.remove();
      chosen = L.circleMarker(latlng, { radius: 11, className: "map-place", interactive: false }).addTo(map);
      onPick({ lon: latlng.lng, lat: latlng.lat });
    });
  }
  const resized = new ResizeObserver(() => map.invalidateSize({ animate: false }));
  resized.observe(element);
  return () => {
    resized.disconnect();
    map.remove();
  };
}
