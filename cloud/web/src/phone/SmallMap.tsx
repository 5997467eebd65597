import "leaflet/dist/leaflet.css";
import L from "leaflet";
import { useEffect, useRef } from "preact/hooks";
import { reference } from "./cases";
import { position } from "./duty";
import type { Position } from "./queue";
import { text } from "./words";

export interface MapProps {
  at: Position | null;
  /** Given, a tap chooses a place. */
  onPick?(at: Position): void;
}

const CLOSE = 17;

/** The grids as drawn lines, the place, and where one is; WGS-84, without tiles from anywhere. */
export function SmallMap({ at, onPick }: MapProps) {
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => (frame.current ? show(frame.current, at, onPick) : undefined), []);
  return <div class="small-map" ref={frame} role="img" aria-label={onPick ? text.value.report.place : text.value.task.map} />;
}

function show(element: HTMLElement, at: Position | null, onPick?: (at: Position) => void): () => void {
  const map = L.map(element, { attributionControl: false, zoomControl: true, zoomAnimation: false, fadeAnimation: false });
  const outline = L.featureGroup().addTo(map);
  for (const { geometry, properties } of reference.value.areas) {
    const pieces = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
    const rings = pieces.map((piece) => piece.map((ring) => ring.map(([lon = 0, lat = 0]) => L.latLng(lat, lon))));
    L.polygon(rings, { className: `area area-${properties.level}`, interactive: false }).addTo(outline);
  }
  for (const { geometry } of reference.value.points) {
    const [lon = 0, lat = 0] = geometry.coordinates;
    L.circleMarker([lat, lon], { radius: 3, className: "map-point", interactive: false }).addTo(map);
  }
  const place = at && L.circleMarker([at.lat, at.lon], { radius: 11, className: "map-place", interactive: false }).addTo(map);
  let chosen = place;
  const here = position.value;
  if (here) L.circleMarker([here.lat, here.lon], { radius: 7, className: "map-here", interactive: false }).addTo(map);
  const start = at ?? here;
  if (start) map.setView([start.lat, start.lon], CLOSE);
  else if (outline.getBounds().isValid()) map.fitBounds(outline.getBounds());
  else map.setView([0, 0], 2);
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
