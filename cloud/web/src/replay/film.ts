/** A past day as a film: how every case stood at any moment of it. Pure. */
import type { Change, ReplayPage, Standing } from "../api/replay";
import type { Evidence, Incident } from "../api/types";

export interface Film {
  day: string;
  /** Milliseconds since 1970. */
  begins: number;
  ends: number;
  standing: readonly Standing[];
  /** In order of time. */
  changes: readonly Change[];
  cases: ReadonlyMap<string, Incident>;
}

/** A film with one more page at its end. */
export function joined(film: Film | null, page: ReplayPage): Film {
  const cases = new Map(film?.cases);
  for (const one of page.cases) cases.set(one.id, one);
  return {
    day: page.day,
    begins: Date.parse(page.begins_at),
    ends: Date.parse(page.ends_at),
    standing: film ? film.standing : page.standing,
    changes: [...(film?.changes ?? []), ...page.changes],
    cases,
  };
}

/** How each case stood at that moment, by id; those that were not there yet are not in it. */
export function stoodAt(film: Film, at: number): Map<string, Standing> {
  const found = new Map(film.standing.map((one) => [one.incident_id, one]));
  for (const { stood } of film.changes) {
    if (Date.parse(stood.at) > at) break;
    found.set(stood.incident_id, stood);
  }
  return found;
}

/** The next moment at which something happened, or the last one before; null: there is none. */
export function eventBeside(film: Film, at: number, step: 1 | -1): number | null {
  const times = film.changes.map(({ stood }) => Date.parse(stood.at));
  const found = step === 1 ? times.find((one) => one > at) : times.filter((one) => one < at).at(-1);
  return found ?? null;
}

/** How much happened in each of so many equal parts of the day. */
export function density(film: Film, parts: number): number[] {
  const found = new Array<number>(parts).fill(0);
  const length = film.ends - film.begins;
  for (const { stood } of film.changes) {
    const part = Math.min(parts - 1, Math.floor(((Date.parse(stood.at) - film.begins) / length) * parts));
    found[part] = (found[part] ?? 0) + 1;
  }
  return found;
}

/** A case as it was: what its log says, with only those pictures and alarms that were there. */
export function asItWas(incident: Incident, stood: Standing, at: number): Incident {
  const there = (iso: string | null): boolean => iso !== null && Date.parse(iso) <= at;
  const evidence = incident.evidence.filter((one) => there(one.captured_at));
  const alarms = incident.alarms.filter((one) => there(one.opened_at)).map((one) => {
    const gone = there(one.cleared_at);
    const state = { ...one.state, active: !gone, acknowledged: true, inhibited: false, aside: null, shelved_until: null };
    return { ...one, state, cleared_at: gone ? one.cleared_at : null, condition_state: gone ? "cleared" as const : "open" as const };
  });
  const [lead] = alarms;
  const standing = lead && { state: lead.condition_state, changed_at: lead.cleared_at ?? lead.opened_at };
  const { pair } = incident;
  return {
    ...incident,
    state: stood.state, version: stood.version, level: stood.level, handler: stood.handler,
    organisation: stood.organisation, seen_gone_at: stood.seen_gone_at, closed_at: stood.closed_at, updated_at: stood.at,
    evidence, alarms, alarms_total: alarms.length,
    pair: pair && there(pair.after.captured_at) ? pair : null,
    thumbnail_url: thumbnail(evidence),
    condition: incident.condition && standing ? standing : null,
    pending: [], allowed_actions: [], history: false, evidence_due: false,
  };
}

function thumbnail(evidence: readonly Evidence[]): string | null {
  const stills = evidence.filter((one) => one.kind !== "clip");
  return (stills.filter((one) => one.kind === "present").at(-1) ?? stills.at(-1))?.url ?? null;
}

/** All cases at that moment; one that looks as in `before` is the same object, so that nothing of it is drawn anew. */
export function shownAt(film: Film, at: number, before: ReadonlyMap<string, Incident> | null): Map<string, Incident> {
  const shown = new Map<string, Incident>();
  for (const [id, stood] of stoodAt(film, at)) {
    const incident = film.cases.get(id);
    if (!incident) continue;
    const now = asItWas(incident, stood, at);
    const had = before?.get(id);
    shown.set(id, had && looksAs(had, now) ? had : now);
  }
  return shown;
}

function looksAs(a: Incident, b: Incident): boolean {
  return (
    a.version === b.version && a.evidence.length === b.evidence.length && a.alarms.length === b.alarms.length &&
    a.condition?.state === b.condition?.state
  );
}
