/** What is being edited: a camera's zones, and every step back. Pure. */

import type { CameraEdit, CameraSite } from "../api/editor";

export type Corner = readonly [number, number];
export interface Rule {
  readonly kind: string;
  readonly id: string;
  readonly event_class: string;
  readonly [field: string]: unknown;
}
export interface Zone {
  readonly id: string;
  readonly name: { readonly zh: string; readonly en: string };
  /** Parts of the picture's width and height. */
  readonly polygon: readonly Corner[];
  readonly rules?: readonly Rule[];
  readonly [field: string]: unknown;
}
export interface Draft {
  readonly zones: readonly Zone[];
  readonly purpose: string;
  readonly signage: boolean;
}

/** A draft with its steps back and forth. */
export interface Course {
  readonly now: Draft;
  readonly past: readonly Draft[];
  readonly future: readonly Draft[];
  /** What the last step was about: more of the same is the same step. */
  readonly about: string;
}

const STEPS = 200;
/** Corners that a zone needs to have an inside. */
export const LEAST_CORNERS = 3;

export function draftOf(site: CameraSite): Draft {
  return { zones: site.zones as unknown as Zone[], purpose: site.purpose, signage: site.signage };
}

export function editOf(draft: Draft): CameraEdit {
  return { zones: draft.zones as unknown as CameraEdit["zones"], purpose: draft.purpose, signage: draft.signage };
}

export function begun(now: Draft): Course {
  return { now, past: [], future: [], about: "" };
}

/** One step further; with the same `about` as before it is a part of that step. */
export function stepped(course: Course, now: Draft, about = ""): Course {
  if (same(course.now, now)) return course;
  const part = about !== "" && about === course.about && course.past.length > 0;
  const past = part ? course.past : [...course.past, course.now].slice(-STEPS);
  return { now, past, future: [], about };
}

export function undone(course: Course): Course {
  const before = course.past.at(-1);
  if (!before) return course;
  return { now: before, past: course.past.slice(0, -1), future: [course.now, ...course.future], about: "" };
}

export function redone(course: Course): Course {
  const [next, ...future] = course.future;
  if (!next) return course;
  return { now: next, past: [...course.past, course.now], future, about: "" };
}

export function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

export function withZone(draft: Draft, at: number, zone: Zone): Draft {
  return { ...draft, zones: draft.zones.map((one, n) => (n === at ? zone : one)) };
}

export function withoutZone(draft: Draft, at: number): Draft {
  return { ...draft, zones: draft.zones.filter((_, n) => n !== at) };
}

/** An id of the camera's own that no zone has yet: `P01-C1-Z3`. */
export function newZoneId(camera: string, zones: readonly Zone[]): string {
  for (let n = zones.length + 1; ; n++) {
    const id = `${camera}-Z${n}`;
    if (!zones.some((zone) => zone.id === id)) return id;
  }
}

export function newRuleId(kind: string, rules: readonly Rule[]): string {
  for (let n = 1; ; n++) {
    const id = n === 1 ? kind : `${kind}-${n}`;
    if (!rules.some((rule) => rule.id === id)) return id;
  }
}

/** Within the picture, at four decimals: a tenth of a pixel. */
export function placed(x: number, y: number): Corner {
  const within = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * 10_000) / 10_000;
  return [within(x), within(y)];
}

export function withCorner(zone: Zone, at: number, corner: Corner): Zone {
  return { ...zone, polygon: zone.polygon.map((one, n) => (n === at ? corner : one)) };
}

/** Without one corner; a zone keeps as many as it needs. */
export function withoutCorner(zone: Zone, at: number): Zone {
  if (zone.polygon.length <= LEAST_CORNERS) return zone;
  return { ...zone, polygon: zone.polygon.filter((_, n) => n !== at) };
}

/** With a corner more, in the middle of the edge that begins at `at`. */
export function withCornerAfter(zone: Zone, at: number): Zone {
  const one = zone.polygon[at];
  const next = zone.polygon[(at + 1) % zone.polygon.length];
  if (!one || !next) return zone;
  const middle = placed((one[0] + next[0]) / 2, (one[1] + next[1]) / 2);
  return { ...zone, polygon: [...zone.polygon.slice(0, at + 1), middle, ...zone.polygon.slice(at + 1)] };
}
