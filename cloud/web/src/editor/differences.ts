/** What two versions say differently, in words. */

import type { Difference } from "../api/editor";
import { named, words } from "../words";
import { formatAge, formatNumber } from "../words/format";
import { cameras } from "./state";
import { text } from "./words";

export interface Said {
  where: string;
  kind: Difference["kind"];
  what: string;
}

const SECONDS = new Set(["dwell", "gap", "clear_after", "hold", "clear_hold", "period", "within"]);
const SHARES = new Set(["share", "clear_share"]);

export function said(one: Difference): Said {
  const last = one.where.at(-1);
  return {
    where: one.where.map(stepSaid).join(" › "),
    kind: one.kind,
    what: last?.field === "polygon" && Array.isArray(one.after)
      ? text.value.diff.redrawn(one.after.length)
      : one.kind === "changed"
        ? text.value.diff.to(valueSaid(one.before, last?.field), valueSaid(one.after, last?.field))
        : valueSaid(one.kind === "added" ? one.after : one.before, last?.field),
  };
}

function stepSaid(step: Difference["where"][number]): string {
  const { diff, rules } = text.value;
  const field = diff.fields[step.field] ?? rules.fields[step.field] ?? step.field;
  return step.id ? `${field} ${nameOf(step.field, step.id)}` : field;
}

/** Points and cameras by their names, the rest by id. */
function nameOf(field: string, id: string): string {
  if (field === "points") {
    const point = cameras.value?.find((one) => one.point === id);
    return point ? named(point.point_name) : id;
  }
  const camera = field === "cameras" ? cameras.value?.find((one) => one.camera === id) : undefined;
  return camera ? named(camera.name) : id;
}

function valueSaid(value: unknown, field = ""): string {
  const { diff, rules } = text.value;
  const { locale } = words.value;
  if (value === null || value === undefined || value === "") return diff.nothing;
  if (typeof value === "boolean") return value ? diff.yes : diff.no;
  if (typeof value === "number") {
    if (SECONDS.has(field)) return formatAge(value * 1000, locale);
    return SHARES.has(field) ? `${formatNumber(value * 100, locale)} %` : formatNumber(value, locale);
  }
  if (Array.isArray(value)) return value.every((one) => typeof one !== "object") ? value.join(", ") : formatNumber(value.length, locale);
  if (typeof value === "object") {
    const { name, kind, id, zh, en, rules: inner } = value as Record<string, unknown>;
    if (typeof zh === "string" && typeof en === "string") return named({ zh, en });
    const called = typeof name === "object" && name !== null ? valueSaid(name) : typeof kind === "string" ? (rules.short[kind] ?? kind) : String(id ?? "");
    return Array.isArray(inner) ? `${called} (${text.value.zones.rules(inner.length)})` : called;
  }
  const severities: Readonly<Record<string, string | undefined>> = words.value.severities;
  return rules.choices[String(value)] ?? severities[String(value)] ?? String(value);
}
