import type { Names } from "../api/types";

/** A camera as the page shows it. */
export interface Seen {
  id: string;
  name: Names;
  point: string;
  pointName: Names;
  grid: string;
  gridName: Names;
  community: string;
  communityName: Names;
}

export const SIZES = [9, 16] as const;
export type Size = (typeof SIZES)[number];

/** In the order of the street: by community, grid, point. */
export function ordered(cameras: readonly Seen[]): Seen[] {
  return [...cameras].sort(
    (a, b) => order(a.community, b.community) || order(a.grid, b.grid) || order(a.point, b.point) || order(a.id, b.id),
  );
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Those that have every word of `search` in a name or id, and lie in `area` (a grid or community; empty: any). */
export function matching(cameras: readonly Seen[], search: string, area: string): Seen[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return cameras.filter((one) => {
    if (area && one.grid !== area && one.community !== area) return false;
    const said = [one.id, one.point, one.grid, one.name, one.pointName, one.gridName, one.communityName]
      .map((part) => (typeof part === "string" ? part : `${part.zh} ${part.en}`))
      .join(" ")
      .toLowerCase();
    return words.every((word) => said.includes(word));
  });
}

export function pageCount(count: number, size: Size): number {
  return Math.max(1, Math.ceil(count / size));
}

/** One page of them; a number beyond the last is the last. */
export function pageOf(cameras: readonly Seen[], page: number, size: Size): readonly Seen[] {
  const at = Math.min(Math.max(0, page), pageCount(cameras.length, size) - 1);
  return cameras.slice(at * size, (at + 1) * size);
}

/** The page that a camera is on; null: on none. */
export function pageWith(cameras: readonly Seen[], camera: string, size: Size): number | null {
  const at = cameras.findIndex((one) => one.id === camera);
  return at < 0 ? null : Math.floor(at / size);
}
