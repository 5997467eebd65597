import type { Kind } from "../api/reports";
import { text } from "./words";

export const KINDS: readonly Kind[] = ["week", "half_month", "month"];

/** "2026-W47", "2026-11-1", "2026-11" in words; the name itself where it has another form. */
export function periodNamed(kind: Kind, name: string): string {
  const [year = "", second = "", half = ""] = name.split("-");
  if (kind === "week" && /^W\d+$/.test(second)) return text.value.week(year, String(Number(second.slice(1))));
  if (!/^\d{2}$/.test(second)) return name;
  const month = text.value.month(year, second);
  return kind === "half_month" ? `${month} ${text.value.half(half === "2")}` : month;
}
