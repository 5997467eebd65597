import { computed, signal } from "@preact/signals";
import type { AreaFeature } from "../api/types";
import { areas, points } from "../state/places";
import { hasRole } from "../state/session";
import { matching, ordered, pageCount, pageOf, type Seen, type Size } from "./paging";

/** Live pictures on the page at once: one to look at, and one to compare it with. */
export const MOST_LIVE = 2;
/** Seconds that a page of a tour stands. */
export const TOUR_S = 12;

export const search = signal("");
export const area = signal("");
export const size = signal<Size>(9);
export const at = signal(0);
/** The cameras that are live, the last one opened at the end. */
export const live = signal<readonly string[]>([]);
/** A tour goes on, stands still because of an alarm, or there is none. */
export const tour = signal<"off" | "on" | "paused">("off");
/** Why somebody from outside the patrol room looks; null: not said yet. */
export const reason = signal<string | null>(null);

/** Whether a reason must be given first. */
export function mustSayWhy(): boolean {
  return !hasRole("operator", "leader");
}

const byId = computed(() => new Map(areas.value.map((one) => [one.properties.id, one.properties])));

export const all = computed<readonly Seen[]>(() =>
  ordered(
    points.value.flatMap(({ properties: point }) =>
      point.cameras.map((camera) => {
        const grid = byId.value.get(point.grid);
        const community = byId.value.get(grid?.parent ?? "");
        return {
          id: camera.id,
          name: camera.name,
          point: point.id,
          pointName: point.name,
          grid: point.grid,
          gridName: grid?.name ?? { zh: point.grid, en: point.grid },
          community: community?.id ?? "",
          communityName: community?.name ?? { zh: "", en: "" },
        };
      }),
    ),
  ),
);
export const found = computed(() => matching(all.value, search.value, area.value));
export const pages = computed(() => pageCount(found.value.length, size.value));
export const shown = computed(() => pageOf(found.value, at.value, size.value));

/** Areas with cameras in them, communities each before their grids. */
export const choices = computed<readonly AreaFeature["properties"][]>(() => {
  const used = new Set(all.value.flatMap((one) => [one.grid, one.community]));
  const kept = areas.value.map((one) => one.properties).filter((one) => used.has(one.id));
  return kept
    .filter((one) => one.level === "community")
    .flatMap((one) => [one, ...kept.filter((grid) => grid.level === "grid" && grid.parent === one.id)]);
});

export function turn(by: number): void {
  at.value = (Math.min(at.value, pages.value - 1) + by + pages.value) % pages.value;
}

/** Look at a camera live; the oldest gives way to it. */
export function watch(camera: string): void {
  live.value = [...live.value.filter((one) => one !== camera), camera].slice(-MOST_LIVE);
}

export function unwatch(camera: string): void {
  live.value = live.value.filter((one) => one !== camera);
}
