import { effect, signal } from "@preact/signals";
import L from "leaflet";
import { useEffect, useRef } from "preact/hooks";
import { selected } from "../state/incidents";
import { areas, points } from "../state/places";
import { language, words } from "../words";
import { Legend } from "./Legend";
import { drawAreas, drawPoints, type Pin, tintGrids } from "./layers";

/** The street as drawn lines: grids, communities and points, without any tiles from elsewhere. */
export function GridMap() {
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => (frame.current ? show(frame.current) : undefined), []);
  return (
    <section class="map" aria-label={words.value.map.title}>
      <div class="map-frame" ref={frame} />
      <Legend />
    </section>
  );
}

function show(element: HTMLElement): () => void {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(element, {
    attributionControl: false, zoomControl: false, zoomSnap: 0.25, zoomDelta: 0.5, keyboard: false,
    zoomAnimation: !still, fadeAnimation: !still, markerZoomAnimation: !still, inertia: !still,
  }).setView([0, 0], 15);
  // Names lie above the areas and under the marks.
  map.createPane("names").classList.add("names-pane");
  const areaLayer = L.layerGroup().addTo(map);
  const pointLayer = L.layerGroup().addTo(map);
  const pins = new Map<string, Pin>();
  const grids = signal<ReadonlyMap<string, L.Polygon>>(new Map());
  let zoom: L.Control.Zoom | null = null;
  let touched = false;

  const fit = (): void => {
    const boxes = [...grids.peek().values()].map((polygon) => polygon.getBounds());
    const all = boxes.reduce((sum, box) => sum.extend(box), L.latLngBounds([]));
    if (all.isValid()) map.fitBounds(all, { padding: [14, 14], animate: false });
  };
  // Names only where a grid is wide enough for one.
  map.on("zoomend resize", () => {
    const boxes = [...grids.peek().values()].map((polygon) => polygon.getBounds());
    const widths = boxes.map((box) => map.latLngToLayerPoint(box.getNorthEast()).x - map.latLngToLayerPoint(box.getSouthWest()).x);
    const mean = widths.reduce((sum, width) => sum + width, 0) / Math.max(1, widths.length);
    element.dataset["names"] = mean >= 90 ? "all" : mean >= 64 ? "communities" : "none";
  });
  map.on("dragstart", () => (touched = true));
  element.addEventListener("wheel", () => (touched = true), { passive: true });
  const resized = new ResizeObserver(() => {
    map.invalidateSize({ animate: false });
    if (!touched) fit();
  });
  resized.observe(element);

  const stops = [
    effect(() => {
      void language.value;
      grids.value = drawAreas(areaLayer, areas.value, points.value);
      if (!touched) fit();
    }),
    effect(() => tintGrids(grids.value)),
    effect(() => drawPoints(pointLayer, pins, points.value)),
    effect(() => {
      const text = words.value.map;
      zoom?.remove();
      zoom = L.control.zoom({ zoomInTitle: text.zoomIn, zoomOutTitle: text.zoomOut }).addTo(map);
    }),
    effect(() => {
      const where = selected.value?.point.position;
      if (where && touched && !map.getBounds().contains([where.lat, where.lon])) {
        map.panTo([where.lat, where.lon], { animate: !still });
      }
    }),
  ];
  return () => {
    for (const stop of stops) stop();
    resized.disconnect();
    map.remove();
  };
}
