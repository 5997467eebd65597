/** Spans of whole days by the clock of this computer. Pure. */

export const PRESETS = ["today", "week", "days30", "month", "last", "year"] as const;
export type Preset = (typeof PRESETS)[number];

/** Days, both included, as `2026-11-22`. */
export interface Span {
  from: string;
  to: string;
}

export function dayOf(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

export function presetOf(name: Preset, now: Date): Span {
  const [year, month, day] = [now.getFullYear(), now.getMonth(), now.getDate()];
  const back = (days: number): Span => ({ from: dayOf(new Date(year, month, day - days)), to: dayOf(now) });
  switch (name) {
    case "today": return back(0);
    case "week": return back(6);
    case "days30": return back(29);
    case "year": return back(364);
    case "month": return { from: dayOf(new Date(year, month, 1)), to: dayOf(now) };
    case "last": return { from: dayOf(new Date(year, month - 1, 1)), to: dayOf(new Date(year, month, 0)) };
  }
}

/** The instants of a span as the API takes them, its end not part of it; null: no days, or in the wrong order. */
export function instantsOf(span: Span): { from: string; to: string } | null {
  const [from, last] = [at(span.from), at(span.to)];
  if (!from || !last || from > last) return null;
  last.setDate(last.getDate() + 1);
  return { from: from.toISOString(), to: last.toISOString() };
}

function at(day: string): Date | null {
  const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day) ?? [];
  if (!year || !month || !date) return null;
  const found = new Date(Number(year), Number(month) - 1, Number(date));
  return dayOf(found) === day ? found : null;
}
