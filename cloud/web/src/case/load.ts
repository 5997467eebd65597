import { signal } from "@preact/signals";
import * as api from "../api/case";
import { incident as fetchIncident, incidentEvents, Refused } from "../api/calls";
import { type Clocks, clocks } from "../api/desk";
import type { Incident, IncidentEvent } from "../api/types";
import { take } from "../state/incidents";
import { endSession } from "../state/session";

/** All that is known of one case; null: that part could not be had. */
export interface CaseFile {
  incident: Incident;
  log: readonly IncidentEvent[];
  choices: api.Choices | null;
  clocks: Clocks | null;
  calls: readonly api.Call[] | null;
  notices: readonly api.Notice[] | null;
  reports: readonly api.Report[] | null;
  candidates: readonly api.Nearby[] | null;
  links: readonly api.Link[] | null;
  assets: readonly api.Asset[] | null;
  proof: api.CaseProof | null;
}

/** The case on screen. */
export const shown = signal<CaseFile | null>(null);
/** Why there is none: `gone`, or `failed`. */
export const trouble = signal<{ of: string; why: "gone" | "failed" } | null>(null);
let wanted = "";

/** Fetch a case, all parts at once; an answer that is overtaken by another case, or by a newer one, is dropped. */
export async function load(id: string): Promise<void> {
  wanted = id;
  if (shown.value && shown.value.incident.id !== id) shown.value = null;
  try {
    // First alone: of a case that one may not see, there is nothing else to ask.
    const incident = await fetchIncident(id);
    const [log, ...parts] = await Promise.all([
      incidentEvents(id),
      part(api.choices(id)),
      part(clocks([id])),
      part(api.callsTo(id)),
      part(api.noticesOf(id)),
      part(api.reportsOf(id)),
      part(api.candidatesOf(id)),
      part(api.linksOf(id)),
      part(api.assetsOf(id)),
      part(api.proofOf(id)),
    ]);
    if (wanted !== id || (shown.value && shown.value.incident.version > incident.version)) return;
    const [choices, clock, calls, notices, reports, candidates, links, assets, proof] = parts;
    take(incident);
    trouble.value = null;
    shown.value = {
      incident, log, choices, clocks: clock?.[0] ?? null, calls, notices, reports, candidates, links, assets, proof,
    };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401) endSession();
    else if (wanted === id) trouble.value = { of: id, why: error.status === 404 || error.status === 422 ? "gone" : "failed" };
  }
}

/** One part may be missing; the session's end is for the case itself to tell. */
async function part<T>(asking: Promise<T>): Promise<T | null> {
  try {
    return await asking;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return null;
  }
}
