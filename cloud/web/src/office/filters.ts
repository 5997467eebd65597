import { addressOf, route } from "../state/route";
import { presetOf, type Span } from "./period";

/** Filters live in the address, after the page's name and part: they can be sent on, and the back button knows them. */
export type Filters = Readonly<Record<string, string>>;

const IS_FILTERS = /=/;

/** Those of the address shown now, and the parts before them. */
export function asked(): { parts: readonly string[]; filters: Filters } {
  const { rest } = route.value;
  const parts = rest.filter((part) => !IS_FILTERS.test(part));
  const last = rest.find((part) => IS_FILTERS.test(part)) ?? "";
  return { parts, filters: Object.fromEntries(new URLSearchParams(last)) };
}

/** The address of a page with these filters; empty ones are left out. */
export function addressWith(page: string, parts: readonly string[], filters: Filters): string {
  const given = new URLSearchParams(Object.entries(filters).filter(([, value]) => value !== ""));
  const text = given.toString();
  return addressOf(page, ...parts, ...(text ? [text] : []));
}

export function goWith(page: string, parts: readonly string[], filters: Filters): void {
  location.hash = addressWith(page, parts, filters);
}

/** The span that the filters name; the last 30 days where they name none. */
export function spanOf(filters: Filters, now: Date): Span {
  const usual = presetOf("days30", now);
  return { from: filters["from"] ?? usual.from, to: filters["to"] ?? usual.to };
}
