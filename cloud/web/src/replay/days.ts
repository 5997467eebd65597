/** Days as the address writes them: 2026-11-21, of this computer's time zone. Pure. */
import { dayOf } from "../office/period";

/** So many days later. */
export function dayAfter(day: string, days: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return dayOf(new Date(year, month - 1, date + days, 12));
}
