import type { Evidence } from "../api/types";

export interface PhotoSet {
  /** The thing, newest picture of it. */
  before: Evidence | null;
  /** The same place seen empty again, unless the thing was pictured anew since. */
  after: Evidence | null;
  /** The place before anything stood there. */
  empty: Evidence | null;
  rest: Evidence[];
  /** The newest of what moves. */
  clip: Evidence | null;
}

/** Which photos stand beside each other. */
export function arrange(evidence: readonly Evidence[]): PhotoSet {
  const all = [...evidence].sort((a, b) => Date.parse(a.captured_at) - Date.parse(b.captured_at));
  const sorted = all.filter((one) => one.kind !== "clip");
  const last = (kind: Evidence["kind"]): Evidence | null => sorted.filter((one) => one.kind === kind).at(-1) ?? null;
  const before = last("present");
  const cleared = last("cleared");
  const stale = before && cleared && Date.parse(cleared.captured_at) < Date.parse(before.captured_at);
  const after = stale ? null : cleared;
  const empty = last("empty");
  const rest = sorted.filter((one) => one !== before && one !== after && one !== empty);
  // What was asked for is looked at first, the newest before all.
  rest.sort((a, b) => Number(b.kind === "fresh") - Number(a.kind === "fresh"));
  return { before, after, empty, rest, clip: all.filter((one) => one.kind === "clip").at(-1) ?? null };
}
